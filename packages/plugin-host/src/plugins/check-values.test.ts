import type { JsonObject } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { findProblem } from './check-values.js';

const text = { type: 'string' };
const branch = (type: string, properties: JsonObject, optional: readonly string[] = []): JsonObject => ({
  type: 'object',
  properties: { type: { ...text, const: type }, ...properties },
  required: ['type', ...Object.keys(properties).filter((name) => !optional.includes(name))],
  additionalProperties: false,
});
const DIRECTORY = branch('directory', { path: text, source: text, keep: { type: 'integer', minimum: 2 } }, ['keep']);
const GIT = branch('git', { remote: { ...text, pattern: '^[^-]' }, branch: text, source: text });
const SSH = branch('ssh', { host: text, port: { type: 'integer', minimum: 1, maximum: 65_535 }, path: { ...text, pattern: '^/' }, source: text }, ['port']);

/** Where to deploy to, as Zod writes a union that is told apart by its "type". */
const target = (keyword: 'oneOf' | 'anyOf'): JsonObject => ({ type: 'object', properties: { target: { [keyword]: [DIRECTORY, GIT, SSH] } } });

describe.each(['oneOf', 'anyOf'] as const)('a union by %s whose branches are told apart by a constant', (keyword) => {
  it.each<[JsonObject, string]>([
    [{ type: 'directory', path: '/var/www' }, "/target must have required property 'source'"],
    [{ type: 'git', remote: '--upload-pack=x', branch: 'pages', source: 'dist' }, '/target/remote must match pattern "^[^-]"'],
    [{ type: 'ssh', host: 'web1', path: 'srv', port: 0, source: 'dist' }, '/target/port must be >= 1; /target/path must match pattern "^/"'],
    [{ type: 'ssh', hots: 'web1', path: '/srv', source: 'dist' }, '/target must have required property \'host\'; /target has the unknown key "hots" (did you mean "host"?)'],
    [{ type: 'ftp', host: 'web1' }, '/target/type must be one of "directory", "git", "ssh"'],
    [{ type: 1 }, '/target/type must be one of "directory", "git", "ssh"'],
    [{ host: 'web1' }, '/target must have required property \'type\', one of "directory", "git", "ssh"'],
  ])('tells of %j what is wrong by the branch that it names', (value, problem) => {
    expect(findProblem(target(keyword), { target: value })).toBe(problem);
  });

  it('is content with what fits its branch', () => {
    expect(findProblem(target(keyword), { target: { type: 'ssh', host: 'web1', path: '/srv', source: 'dist' } })).toBeUndefined();
  });

  it('is looked at for each value by itself, and inside one another', () => {
    const all = { type: 'object', additionalProperties: { [keyword]: [branch('one', { of: { [keyword]: [DIRECTORY, GIT] } }), branch('many', { targets: { type: 'array', items: { [keyword]: [DIRECTORY, GIT, SSH] } } })] } };
    const value = { a: { type: 'one', of: { type: 'git', remote: 'origin', source: 'dist' } }, b: { type: 'many', targets: [{ type: 'ssh', host: 'h', path: '/', source: 's' }, { type: 'directory', path: 'p' }] } };
    expect(findProblem(all, value)).toBe("/a/of must have required property 'branch'; /b/targets/1 must have required property 'source'");
  });

  it('is looked at in a large value too', () => {
    const large = { type: 'object', properties: { ...(target(keyword)['properties'] as JsonObject), rest: { type: 'array' } } };
    expect(findProblem(large, { target: { type: 'ssh' }, rest: Array.from({ length: 60_000 }, () => 1) })).toBe("/target must have required property 'host'");
  });
});

it('tells of every branch where nothing says which one is meant', () => {
  const untold = { type: 'object', properties: { port: { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^[a-z]+$' }] } } };
  expect(findProblem(untold, { port: 'A' })).toBe('/port must be integer; /port must match pattern "^[a-z]+$"; /port must match a schema in anyOf');
  const optional = { type: 'object', properties: { target: { oneOf: [{ ...DIRECTORY, required: [] }, { ...GIT, required: [] }] } } };
  expect(findProblem(optional, { target: { type: 'git', path: 'p' } })).toContain('must match exactly one schema in oneOf');
  expect(findProblem(target('oneOf'), { target: 'web1' })).toBe('/target must be object; /target must match exactly one schema in oneOf');
});
