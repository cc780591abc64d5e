import { text } from 'node:stream/consumers';

import { type JsonObject, LIMITS, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Secrets } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { answerApproval } from './answer-approval.js';
import { callBack } from './call-back.js';
import { failure, type Harness, openHarness, replacing, success } from './harness.fixture.js';
import { listAudit } from './list-audit.js';
import { readLogs } from './read-logs.js';
import { rerunRun } from './rerun-run.js';
import { runCommand } from './run-command.js';
import { sendSignal } from './send-signal.js';
import { validateWorkflows } from './validate-workflows.js';

const VALUE = 'swordfish-1';
const values = new Map<string, string>();
let harness: Harness;
afterEach(async () => {
  await harness.close();
  values.clear();
});

const secrets: Secrets = {
  get: (name) => {
    const value = values.get(name);
    return value === 'unusable' ? Promise.reject(new AppError('SECRET_UNUSABLE', { name, problem: 'too short' })) : Promise.resolve(value);
  },
  list: () => Promise.resolve([]),
  whereOf: (name) => `not in the map under ${name}`,
};

async function open(document: string, named: readonly string[] = []): Promise<void> {
  values.set('TOKEN', VALUE);
  harness = await openHarness({
    workflows: { 'it.yml': document },
    wrap: (deps) => ({
      ...deps,
      secrets,
      plugins: replacing(deps.plugins, {
        resolve: async (uses) => {
          const found = await deps.plugins.resolve(uses);
          return found.ok ? { ...found, command: { ...found.command, permissions: { secrets: [...named] } } } : found;
        },
      }),
    }),
  });
  await harness.worker();
}

async function journalOf(runId: string): Promise<string> {
  const journal = JSON.stringify(await harness.deps.log.read(runId as RunId, 0, 1_000));
  expect(journal).toContain('run.started');
  return journal;
}

const SCRIPT = (steps: string): string => `id: it\nsecrets: [TOKEN, OTHER]\npermissions: { shell: true }\njobs:\n  a:\n    steps:\n${steps}`;

describe('a step that is given secrets', () => {
  it('has the listed ones in the environment of its script, narrowed by its own list, and env goes before them', async () => {
    values.set('OTHER', 'other-value');
    await open(SCRIPT(`      - run: one
      - { run: two, secrets: [OTHER] }
      - { run: three, secrets: [] }
      - { run: four, env: { TOKEN: mine, BOTH: "b \${{ secrets.token }} \${{ secrets['OTHER'] }}" } }
`));
    const run = await harness.end(await harness.start('it'));
    expect(run.status).toBe('success');
    expect(harness.calls.map(({ env }) => env)).toEqual([
      { TOKEN: VALUE, OTHER: 'other-value' },
      { OTHER: 'other-value' },
      {},
      { TOKEN: 'mine', OTHER: 'other-value', BOTH: `b ${VALUE} other-value` },
    ]);
    expect(await journalOf(run.id)).not.toContain(VALUE);
  });

  it('reads them in the env of its job, in with, through fromJSON, and as they are in comparisons', async () => {
    values.set('OTHER', '{"user":"ada-lovelace"}');
    await open(`id: it
secrets: [TOKEN, OTHER]
jobs:
  a:
    env: { HEADER: "Bearer \${{ secrets.TOKEN }}", USER: "\${{ fromJSON(secrets.OTHER).user }}", WRAPPED: "\${{ fromJSON(format('[\\"{0}\\"]', secrets.TOKEN))[0] }}" }
    steps:
      - uses: "p/do:it"
        with: { header: "\${{ env.HEADER }}", same: "\${{ contains(secrets.TOKEN, 'fish-1') }}", wrapped: "\${{ env.WRAPPED }}" }
`);
    const run = await harness.end(await harness.start('it'));
    expect(run.status).toBe('success');
    expect(harness.calls[0]?.input).toEqual({ header: `Bearer ${VALUE}`, same: true, wrapped: VALUE });
    expect(harness.calls[0]?.env).toEqual({ HEADER: `Bearer ${VALUE}`, USER: 'ada-lovelace', WRAPPED: VALUE });
    expect(await journalOf(run.id)).not.toMatch(/swordfish|lovelace/);
  });

  it('gets, as a command, those its permission names, and is told of all that are listed', async () => {
    values.set('OTHER', 'other-value');
    await open('id: it\nsecrets: [TOKEN, OTHER]\njobs: { a: { steps: [{ uses: "p/do:it" }, { uses: "p/do:it", secrets: [OTHER] }] } }\n', ['TOKEN', 'ELSE']);
    await harness.end(await harness.start('it'));
    expect(harness.calls.map((call) => call.secrets)).toEqual([
      { listed: ['TOKEN', 'OTHER'], values: { TOKEN: VALUE } },
      { listed: ['OTHER'], values: {} },
    ]);
  });

  it('fails before it starts when one is missing, and says where it was looked for', async () => {
    await open(SCRIPT('      - { id: s, run: one, retry: { max: 3 } }\n'));
    const run = await harness.end(await harness.start('it'));
    expect(run.jobs[0]?.steps[0]).toMatchObject({ status: 'failed', startedAt: null, attempt: 1, error: { code: 'SECRET_MISSING', message: 'the secret OTHER is not there: not in the map under OTHER' } });
    expect(harness.calls).toEqual([]);
  });

  it.each([
    ['cannot be used', 'unusable', 'SECRET_UNUSABLE'],
    ['does not fit into an environment', 'with a \0 in it', 'EXPRESSION_FAILED'],
  ])('fails before it starts when one %s', async (_, value, code) => {
    values.set('OTHER', value);
    await open(SCRIPT('      - { run: one }\n'));
    const run = await harness.end(await harness.start('it'));
    expect(run.jobs[0]?.steps[0]).toMatchObject({ status: 'failed', error: { code } });
    expect(harness.calls).toEqual([]);
  });

  it('does not need those that it is not given', async () => {
    await open(SCRIPT('      - { run: one, secrets: [TOKEN] }\n'));
    expect((await harness.end(await harness.start('it'))).status).toBe('success');
  });

  it('fails without its secret in the message when an expression does', async () => {
    values.set('OTHER', 'x');
    await open(SCRIPT('      - { run: one, secrets: [TOKEN], env: { A: "${{ fromJSON(secrets.TOKEN) }}" } }\n'));
    const run = await harness.end(await harness.start('it'));
    expect(run.jobs[0]?.steps[0]).toMatchObject({ status: 'failed', error: { code: 'EXPRESSION_FAILED' } });
    expect(await journalOf(run.id)).not.toContain('swordfish');
  });

  it('is recorded with the names, once for each try', async () => {
    await open(SCRIPT('      - { id: s, run: one, secrets: [TOKEN], env: { A: "${{ secrets.TOKEN }}" }, retry: { max: 1, initial: 0s } }\n      - { run: two, secrets: [] }\n'));
    harness.handlers.set('run', (call) => (call.stepAttempt === 1 && call.step === 's' ? failure() : success()));
    const run = await harness.end(await harness.start('it'));
    const { items } = await listAudit(harness.deps, {});
    expect(items.map(({ actor, action, target, outcome, details }) => ({ actor, action, target, outcome, details })).reverse()).toEqual(
      [1, 2].map((at) => ({ actor: 'ada', action: 'secret.use', target: 'TOKEN', outcome: 'done', details: { run: run.id, job: 'a', step: 's', try: at, secrets: ['TOKEN'] } })),
    );
    expect(JSON.stringify(items)).not.toContain(VALUE);
  });
});

describe('what a step leaves', () => {
  it('is kept without the secrets of its run, also those of other steps', async () => {
    await open(SCRIPT(`      - { run: one, secrets: [] , outputs: { again: "\${{ result.said }}", joined: "\${{ format('{0}{1}', 'sword', 'fish-1') }}" } }
      - { run: two, secrets: [] , continue-on-error: true }
`));
    harness.handlers.set('run', async (call) => {
      await call.log({ stream: 'stdout', level: 'info', text: `said ${VALUE}` });
      call.progress(0.5, VALUE);
      await call.saveArtifact({ name: 'a.txt', type: 'text', label: VALUE, content: Buffer.from(`x ${VALUE} y`) });
      return call.step === 'step-1' ? success({ said: VALUE, [VALUE]: [VALUE] }) : { ...failure(), error: { code: 'E', message: VALUE, hint: VALUE, details: { at: VALUE } } };
    });
    const run = await harness.end(await harness.start('it'));
    expect(run.jobs[0]?.steps).toMatchObject([{ outputs: { again: '***', joined: '***' } }, { error: { code: 'E', message: '***', hint: '***', details: { at: '***' } } }]);
    expect(await journalOf(run.id)).not.toContain(VALUE);
    const { lines: items } = await readLogs(harness.deps, { runId: run.id });
    expect(items.map((line) => line.text)).toEqual(['said ***', '50 % ***', 'said ***', '50 % ***']);
    const [artifact] = run.artifacts;
    expect(artifact).toMatchObject({ label: '***', bytes: 7 });
    const stored = await harness.deps.blobs.get(artifact?.digest ?? '');
    if (stored === undefined) throw new Error('nothing is stored');
    expect(await text(stored)).toBe('x *** y');
  });

  it('is kept without them also by a job that is given none', async () => {
    await open(`id: it\nsecrets: [TOKEN]\npermissions: { shell: true }\njobs:\n  a:\n    secrets: []\n    steps: [{ run: one, outputs: { again: "\${{ result.said }}" } }]\n`);
    harness.handlers.set('run', () => success({ said: VALUE }));
    const run = await harness.end(await harness.start('it'));
    expect(run.jobs[0]?.steps).toMatchObject([{ status: 'success', outputs: { again: '***' } }]);
    expect(await journalOf(run.id)).not.toContain(VALUE);
  });

  it('cannot be an artifact with a secret in its name', async () => {
    await open(SCRIPT('      - { run: one, secrets: [TOKEN] }\n'));
    harness.handlers.set('run', async (call) => {
      await call.saveArtifact({ name: `a/${VALUE}`, type: 'text', content: Buffer.from('x') });
      return success();
    });
    const run = await harness.end(await harness.start('it'));
    expect(run.jobs[0]?.steps[0]?.error).toMatchObject({ code: 'ARTIFACT_INVALID', message: 'the artifact "a/***" cannot be stored: there is a secret in its name' });
  });

  it('costs nothing where no secrets are listed', async () => {
    await open('id: it\npermissions: { shell: true }\njobs: { a: { steps: [{ run: one }] } }\n');
    harness.handlers.set('run', (call) => success({ had: call.redactor === undefined && call.secrets === undefined, said: VALUE }));
    const run = await harness.end(await harness.start('it'));
    expect(run.jobs[0]?.steps[0]?.outputs).toEqual({ had: true, said: VALUE });
  });
});

describe('what comes from outside', () => {
  it('is kept without the secrets of the run that it is for', async () => {
    await open(`id: it
secrets: [TOKEN]
jobs:
  a: { steps: [{ id: w, uses: "builtin:wait", with: { signal: go } }] }
  b: { steps: [{ id: c, uses: "builtin:wait", with: { callback: true } }] }
  c: { steps: [{ id: d, uses: "builtin:approval", with: { title: ship } }] }
`);
    const runId = await harness.start('it');
    await harness.deps.queue.counts();
    const waits = async (): Promise<number> => (await Promise.all((['signal', 'approval'] as const).map((kind) => harness.deps.catalog.listWaits({ kind, limit: 10 })))).flat().length;
    while ((await waits()) < 2) await new Promise((done) => setImmediate(done));
    await sendSignal(harness.deps, { name: 'go', payload: { t: VALUE }, by: 'ada' });
    await callBack(harness.deps, { token: runId, payload: { t: Buffer.from(VALUE).toString('base64') }, by: 'ada' });
    await answerApproval(harness.deps, { runId, step: 'd', decision: 'approved', by: 'bob', comment: `with ${VALUE}` });
    const run = await harness.end(runId);
    expect(run.status).toBe('success');
    expect(await journalOf(runId)).not.toMatch(/swordfish|c3dvcmRmaXNo/);
  });
});

describe('a rerun', () => {
  const document = SCRIPT(`      - { id: used, uses: "p/do:it", with: { t: "\${{ secrets.TOKEN }}" }, secrets: [TOKEN] }
      - { id: parsed, uses: "p/do:it", with: { t: "\${{ fromJSON(secrets.OTHER).a }}" } }
      - { id: fails, uses: "p/fail:it", secrets: [] }
`);

  it('compares secrets by their name: a step stands when only the value has changed', async () => {
    values.set('OTHER', '{"a":"some-value"}');
    await open(document);
    harness.handlers.set('fail:it', () => failure('NO', false));
    const first = await harness.end(await harness.start('it'));
    expect(first.status).toBe('failed');
    values.set('TOKEN', 'another-value');
    const { run } = await rerunRun(harness.deps, { runId: first.id, mode: 'failed', by: 'ada' });
    const again = await harness.end(run.id as RunId);
    // What is read out of a secret cannot be compared by its name: that step runs again.
    expect(again.jobs[0]?.steps.map(({ id, reason }) => [id, reason?.rule === 'kept'])).toEqual([['used', true], ['parsed', false], ['fails', false]]);
    expect(await journalOf(run.id)).not.toMatch(/swordfish|another-value|some-value/);
  });
});

describe('outside of a run', () => {
  it('a command has the secrets that its permission names, and they are taken out of what it leaves', async () => {
    await open('id: it\njobs: { a: { steps: [{ uses: "p/do:it" }] } }\n', ['TOKEN', 'OTHER']);
    const lines: string[] = [];
    harness.handlers.set('do:it', async (call) => {
      await call.log({ stream: 'log', level: 'info', text: VALUE });
      return success({ secrets: { ...call.secrets?.values } as JsonObject });
    });
    const outcome = await runCommand(harness.deps, {
      uses: { kind: 'plugin', package: 'p', command: 'do:it' },
      input: {},
      signal: new AbortController().signal,
      log: (entry) => void lines.push(entry.text),
      progress: () => undefined,
      saveArtifact: () => Promise.reject(new Error('none')),
    });
    expect([outcome, lines]).toEqual([{ status: 'success', outputs: { secrets: { TOKEN: '***' } } }, ['***']]);
    expect(harness.calls[0]?.secrets?.values).toEqual({ TOKEN: VALUE });
  });
});

describe('a document', () => {
  it('is warned of secrets that are not here, at their place', async () => {
    await open(SCRIPT('      - { run: one }\n'));
    const { diagnostics } = await validateWorkflows(harness.deps);
    expect(diagnostics).toMatchObject([{ code: 'SECRET_MISSING', severity: 'warning', line: 2, column: 18, file: 'it.yml' }]);
  });

  it('can list so many and no more', async () => {
    const names = (count: number): string => Array.from({ length: count }, (_, at) => `S${String(at)}`).join(', ');
    await open('id: it\njobs: { a: { steps: [{ uses: "p/do:it" }] } }\n');
    const check = async (count: number): Promise<string[]> => {
      const document = `id: x\nsecrets: [${names(count)}]\njobs: { a: { steps: [{ uses: "p/do:it" }] } }\n`;
      return (await validateWorkflows(harness.deps, [{ file: 'x.yml', text: document }])).diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
    };
    expect([await check(LIMITS.secrets), await check(LIMITS.secrets + 1)]).toEqual([[], ['INVALID_VALUE']]);
  });
});
