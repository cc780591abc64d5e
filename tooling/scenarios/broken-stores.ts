import type { RunId } from '@kb-labs/contracts';
import type { StorePorts } from '@kb-labs/testkit';

/** Stores that differ from the one given in one way each. */
export const BREAKS: Readonly<Record<string, (store: StorePorts) => Partial<StorePorts>>> = {
  'fences are not looked at': ({ log }) => ({ log: override(log, { append: ({ fence: _, ...command }) => log.append(command) }) }),
  'records are taken for decisions': ({ log }) => ({
    log: override(log, { append: async (command) => await log.append({ expected: (await log.read(command.runId, 0)).length, ...command }) }),
  }),
  'a key is kept a moment longer': ({ log }) => ({
    log: override(log, {
      create: ({ idempotency, ...command }) =>
        log.create({ ...command, ...(idempotency && { idempotency: { ...idempotency, keepUntil: idempotency.keepUntil + 1 } }) }),
    }),
  }),
  'priorities are forgotten': ({ queue }) => ({ queue: override(queue, { ensure: (tickets) => queue.ensure(tickets.map(({ priority: _, ...ticket }) => ticket)) }) }),
  'caps of a tenant are not looked at': ({ queue }) => ({
    queue: override(queue, {
      take: (worker, { caps, ...options }) => queue.take(worker, { ...options, ...(caps?.total !== undefined && { caps: { total: caps.total } }) }),
    }),
  }),
  'leases end a moment later': ({ queue }) => ({ queue: override(queue, { take: (worker, options) => queue.take(worker, { ...options, leaseMs: options.leaseMs + 1 }) }) }),
  'leases that are gone are renewed': ({ queue }) => ({
    queue: override(queue, {
      renew: async (leases, leaseMs) => {
        const [first] = await queue.renew(leases, leaseMs);
        return leases.map((lease) => ({ ...lease, until: first?.until ?? lease.until }));
      },
    }),
  }),
  'a given back ticket is lost': ({ queue }) => ({ queue: override(queue, { release: (leases) => queue.discard(leases) }) }),
  'open runs are listed from the start on every page': ({ catalog }) => ({ catalog: override(catalog, { openRuns: ({ limit }) => catalog.openRuns({ limit }) }) }),
  'waits of every name are listed': ({ catalog }) => ({ catalog: override(catalog, { listWaits: ({ name: _, ...query }) => catalog.listWaits(query) }) }),
  'a claim names one too many ahead': ({ claims }) => ({
    claims: override(claims, { of: async (runId) => (await claims.of(runId)).map((claim) => ({ ...claim, aheadCount: claim.aheadCount + Math.sign(claim.aheadCount) })) }),
  }),
  'a page of lines begins with the last one before': ({ logs }) => ({
    logs: override(logs, { read: (runId, { after, ...query }) => logs.read(runId, { ...query, ...(after !== undefined && { after: Math.max(after - 1, 0) }) }) }),
  }),
};

/** Takes all runs for those of one tenant, and shows them as they are. Where no cap is given, only the order of hand-outs differs. */
export function oldestFirst({ log, catalog }: StorePorts): Partial<StorePorts> {
  const tenants = new Map<RunId, string>();
  const shown = <T extends { readonly tenant: string }>(runId: RunId, item: T): T => ({ ...item, tenant: tenants.get(runId) ?? item.tenant });
  return {
    log: override(log, {
      create: async (command) => {
        const created = await log.create({ ...command, summary: { ...command.summary, tenant: 'everybody' } });
        if (created.ok && !created.repeated) tenants.set(command.runId, command.summary.tenant);
        return created;
      },
    }),
    catalog: override(catalog, {
      getRun: async (runId) => {
        const run = await catalog.getRun(runId);
        return run && shown(runId, run);
      },
      listRuns: async (query) => (await catalog.listRuns(query)).map((run) => shown(run.id as RunId, run)),
      listWaits: async (query) => (await catalog.listWaits(query)).map((wait) => shown(wait.runId, wait)),
    }),
  };
}

function override<T extends object>(port: T, changed: Partial<T>): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(name in changed ? changed : target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
