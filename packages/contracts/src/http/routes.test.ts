import { describe, expect, it } from 'vitest';

import { runSchema } from './run-schemas.js';
import type { RouteSpec } from './route-spec.js';
import { ROUTE_NAMES, ROUTES } from './routes.js';
import { readPart } from './read-part.js';
import { json, schemaOf, wholeNumber } from './schema-of.js';
import * as z from 'zod/mini';

const rows: readonly (RouteSpec & { readonly name: string })[] = ROUTE_NAMES.map((name) => ({ name, ...ROUTES[name] }));

/** The same table without schemas, for those that have no use for them. */
function endpointsPage(): string {
  const lines = rows.map(({ name, method, path, answers, stream }) => {
    const [{ body }] = answers;
    const answer = body === 'binary' ? 'binary' : 'text' in body ? 'text' : 'json';
    return `  ${name}: { method: '${method}', path: '${path}', answer: '${answer}'${stream === undefined ? '' : ', stream: true'} },`;
  });
  return [
    "import type { RouteName } from './routes.js';",
    '',
    "export type { RouteName } from './routes.js';",
    '',
    '/** The part of a row that a client needs, made from the table of routes by its test: the table itself brings all schemas along. */',
    'export interface Endpoint {',
    "  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';",
    '  readonly path: string;',
    "  readonly answer: 'json' | 'binary' | 'text';",
    '  readonly stream?: true;',
    '}',
    '',
    'export const ENDPOINTS: { readonly [Name in RouteName]: Endpoint } = {',
    ...lines,
    '};',
    '',
  ].join('\n');
}

describe('the table of routes', () => {
  it('is what clients have of it', async () => {
    await expect(endpointsPage()).toMatchFileSnapshot('endpoints.ts');
  });

  it('names no path twice for one method', () => {
    const places = rows.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('has a schema for exactly the parameters of each path', () => {
    for (const { name, path, params } of rows) {
      const written = [...path.matchAll(/:(\w+)/g)].map(([, one]) => one ?? '');
      const known = params instanceof z.ZodMiniObject ? Object.keys(params.shape) : [];
      expect(known.toSorted(), name).toEqual(written.toSorted());
    }
  });

  it('lets everybody in at no more than six places, and changes nothing there', () => {
    const open = rows.filter(({ access }) => access === 'public');
    expect(open.length).toBeLessThanOrEqual(6);
    expect(open.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('changes nothing by GET, and asks for more than reading where something changes', () => {
    const changing = rows.filter(({ method, access }) => method !== 'GET' && access === 'read').map(({ name }) => name);
    expect(changing).toEqual(['validateWorkflows', 'createLink', 'signOut', 'validatePlaybook']);
    expect(rows.filter(({ method, body }) => method === 'GET' && body !== undefined)).toEqual([]);
  });

  it('promises answers that are no problems', () => {
    for (const { name, answers } of rows) for (const { status } of answers) expect([200, 201, 202, 204, 303], name).toContain(status);
  });
});

describe('schemaOf', () => {
  it('refuses at compile time what says less, more or something else', () => {
    interface Written { readonly a: string; readonly b?: readonly number[] }
    const right = schemaOf<Written>()(z.strictObject({ a: z.string(), b: z.exactOptional(z.array(z.number())) }));
    expect(readPart(right, { a: 'x', b: [1] })).toEqual({ ok: true, value: { a: 'x', b: [1] } });
    // @ts-expect-error b is missing
    schemaOf<Written>()(z.strictObject({ a: z.string() }));
    // @ts-expect-error c is too much
    schemaOf<Written>()(z.strictObject({ a: z.string(), b: z.exactOptional(z.array(z.number())), c: json }));
    // @ts-expect-error a is a number
    schemaOf<Written>()(z.strictObject({ a: z.number(), b: z.exactOptional(z.array(z.number())) }));
  });
});

describe('readPart', () => {
  it('says everything that is wrong, and where', () => {
    const schema = z.strictObject({ limit: z.exactOptional(wholeNumber(1, 200)), name: z.string() });
    expect(readPart(schema, { limit: '20', name: 'x' })).toEqual({ ok: true, value: { limit: 20, name: 'x' } });
    expect(readPart(schema, { limit: '1e3', nmae: 'x' })).toEqual({
      ok: false,
      problems: [
        { path: ['limit'], message: 'a whole number' },
        { path: ['name'], message: 'missing, expected string' },
        { path: [], message: 'not known', unknownKeys: ['nmae'] },
      ],
    });
    expect(readPart(schema, { name: 5 })).toEqual({ ok: false, problems: [{ path: ['name'], message: 'expected string, received number' }] });
    for (const limit of ['', ' 1', '-1', '0', '201', '1.5', '0x10', '9'.repeat(16), ['1', '2']]) expect(readPart(schema, { limit, name: 'x' }).ok, String(limit)).toBe(false);
  });

  it('refuses a run with a part that its schema does not name', () => {
    const run = { id: 'run_1', workflowId: 'w', workflowVersion: null, status: 'success', trigger: { type: 'manual', actor: 'a', payload: null, branch: null, tag: null, sha: null }, input: {}, outputs: {}, createdAt: '2026-01-01T00:00:00.000Z', startedAt: null, finishedAt: null, durationMs: null, jobs: [], artifacts: [] };
    expect(readPart(runSchema, run).ok).toBe(true);
    expect(readPart(runSchema, { ...run, secret: 1 }).ok).toBe(false);
  });
});
