import { ROUTE_NAMES, ROUTES, type RouteSpec, toOpenApi } from '@kb-labs/contracts/http';
import { isJsonObject, type JsonObject, type JsonValue } from '@kb-labs/contracts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Harness, openHarness } from './harness.fixture.js';

let harness: Harness;

beforeAll(async () => {
  harness = await openHarness({ works: false });
});
afterAll(() => harness.close());

describe('/openapi.json', () => {
  it('is OpenAPI 3.1, and describes every row once', async () => {
    const { json } = await harness.ask(undefined, 'GET', '/openapi.json');
    const document = json as JsonObject & { paths: Record<string, Record<string, { operationId: string }>> };
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
    expect([document['openapi'], document['info']]).toMatchObject(['3.1.0', { version: '1.2.3' }]);
    const named = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
    expect(named.toSorted()).toEqual(ROUTE_NAMES.toSorted());
    // Everything that is referred to is there.
    const schemas = (document['components'] as { schemas: JsonObject }).schemas;
    expect(referencesIn(document).filter((name) => !Object.hasOwn(schemas, name))).toEqual([]);
    expect(referencesIn(document)).toEqual(expect.arrayContaining(['Run', 'Job', 'RunError', 'Problem']));
  });

  it('would be told from what is none', async () => {
    const broken = toOpenApi({ version: '1' }) as { paths: Record<string, unknown> };
    broken.paths['/x'] = { get: { responses: { 200: {} }, parameters: [{ name: 'x' }] } };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });
});

function referencesIn(value: JsonValue): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isJsonObject(value)) return [];
  const { $ref } = value;
  return [...(typeof $ref === 'string' ? [$ref.replace('#/components/schemas/', '')] : []), ...Object.values(value).flatMap(referencesIn)];
}

describe('/docs', () => {
  it('is a page without scripts that loads nothing, and whose style is allowed by its digest', async () => {
    const { status, headers, text } = await harness.ask(undefined, 'GET', '/docs');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
    const { createHash } = await import('node:crypto');
    expect(headers['content-security-policy']).toContain(createHash('sha256').update(style).digest('base64'));
    expect(text).not.toMatch(/<script|<img|<link|\son\w+=|style="|https?:\/\//i);
    for (const name of ROUTE_NAMES) expect(text).toContain(`<article id="${name}">`);
    for (const [, anchor = ''] of text.matchAll(/href="#([^"]+)"/g)) expect(text, anchor).toContain(`id="${anchor}"`);
  });
});

describe('docs/reference/http.md', () => {
  it('is what the table says', async () => {
    await expect(referencePage()).toMatchFileSnapshot('../../../docs/reference/http.md');
  });
});

function referencePage(): string {
  const rows = ROUTE_NAMES.map((name): RouteSpec & { readonly name: string } => ({ name, ...ROUTES[name] }));
  const tags = [...new Set(rows.map(({ tag }) => tag))];
  return [
    '# HTTP routes',
    '',
    'Every route of the gateway. This page is made from the table of routes; a running gateway shows the shapes of bodies and answers at `/docs`',
    'and describes them for programs at `/openapi.json`. [The guide](../guides/http-api.md) says how they are used.',
    '',
    'A permission belongs to roles: `viewer` has read; `runner` read and run; `author` read, run and write; `approver` read and approve;',
    '`admin` all. "Everybody" needs no key; "the address" is for whoever knows it.',
    '',
    ...tags.flatMap((tag) => [
      `## ${tag[0]?.toUpperCase() ?? ''}${tag.slice(1)}`,
      '',
      '| route | | for | answers |',
      '|---|---|---|---|',
      ...rows.filter((row) => row.tag === tag).map(rowOf),
      '',
    ]),
  ].join('\n');
}

function rowOf({ method, path, summary, description, access, query, answers, stream }: RouteSpec): string {
  const who = access === 'public' ? 'everybody' : access === 'proof' ? 'the address' : access;
  const names = query === undefined ? [] : Object.keys((query as unknown as { shape: object }).shape);
  const asked = names.length === 0 ? '' : ` Query: ${names.map((name) => `\`${name}\``).join(', ')}.`;
  const followed = stream === undefined ? '' : ' Also as `text/event-stream`.';
  return `| \`${method} ${path}\` | ${summary}.${description === undefined ? '' : ` ${description}`}${asked}${followed} | ${who} | ${answers.map(({ status }) => status).join(', ')} |`;
}
