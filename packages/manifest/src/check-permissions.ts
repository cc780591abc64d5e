import { type DocumentPath, ENV_NAME, type Finding, type JsonObject, type JsonValue } from '@kb-labs/contracts';

import { artifactNameProblem } from './artifact-name.js';
import { shorten } from './build-tree.js';
import { mappingAt, type Outline, valueAt } from './outline.js';
import { report } from './report.js';

const HOST = /^(\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i;
const ADDRESS = /^\[?[0-9a-f]*:[0-9a-f:.]+\]?$/i;

/** Grants that could never match anything, or that reach outside the workspace; and the names of artifacts. */
export function* checkPermissions(outline: Outline): Generator<Finding> {
  yield* checkGrants(mappingAt(outline.data, 'permissions'), ['permissions']);
  for (const job of outline.jobs?.values() ?? []) {
    yield* checkGrants(mappingAt(job.data, 'permissions'), [...job.path, 'permissions']);
    for (const step of job.steps) yield* checkArtifacts(mappingAt(step.data, 'artifacts'), [...step.path, 'artifacts']);
  }
}

function* checkGrants(permissions: JsonObject, path: DocumentPath): Generator<Finding> {
  yield* checkEach(permissions['shell'], [...path, 'shell'], shellProblem);
  yield* checkEach(permissions['network'], [...path, 'network'], hostProblem);
  yield* checkEach(permissions['env'], [...path, 'env'], envProblem);
  const fs = mappingAt(permissions, 'fs');
  yield* checkEach(fs['read'], [...path, 'fs', 'read'], pathProblem);
  yield* checkEach(fs['write'], [...path, 'fs', 'write'], pathProblem);
}

interface Problem {
  readonly problem: string;
  readonly hint: string;
}

function* checkEach(list: JsonValue | undefined, path: DocumentPath, check: (item: string) => Problem | undefined): Generator<Finding> {
  if (!Array.isArray(list)) return;
  for (const [index, item] of list.entries()) {
    const found = typeof item === 'string' && item !== '' && item.length <= 256 ? check(item) : undefined;
    if (found !== undefined) yield report('INVALID_VALUE', [...path, index], { details: { problem: found.problem }, hint: found.hint });
  }
}

function shellProblem(name: string): Problem | undefined {
  if (!/[\s*?]/.test(name)) return undefined;
  return { problem: `${JSON.stringify(shorten(name))} is not the name of a program`, hint: 'name programs one by one and without arguments: "git"' };
}

function hostProblem(host: string): Problem | undefined {
  if (host === '*' || HOST.test(host) || ADDRESS.test(host)) return undefined;
  return { problem: `${JSON.stringify(shorten(host))} is not a host name`, hint: 'write "api.example.com", "*.example.com" or "*", without scheme, port and path' };
}

function envProblem(name: string): Problem | undefined {
  if (ENV_NAME.test(name)) return undefined;
  return { problem: `${JSON.stringify(shorten(name))} is not the name of an environment variable`, hint: 'letters, digits and "_"' };
}

function pathProblem(pattern: string): Problem | undefined {
  const hint = 'patterns are relative to the workspace: "src/**"';
  if (/^([/\\~]|[A-Za-z]:)/.test(pattern)) return { problem: `${JSON.stringify(shorten(pattern))} is an absolute path`, hint };
  if (pattern.split(/[/\\]/).includes('..')) return { problem: `${JSON.stringify(shorten(pattern))} leaves the workspace`, hint };
  return undefined;
}

function* checkArtifacts(artifacts: JsonObject, path: DocumentPath): Generator<Finding> {
  for (const name of Object.keys(artifacts)) {
    const found = artifactNameProblem(name);
    if (found !== undefined) yield report('INVALID_VALUE', [...path, name], { details: { problem: found.problem }, hint: found.hint, atKey: true });
    const source = valueAt(mappingAt(artifacts, name), 'source');
    const file = typeof source === 'string' && source.startsWith('file:') ? pathProblem(source.slice('file:'.length)) : undefined;
    if (file !== undefined) yield report('INVALID_VALUE', [...path, name, 'source'], { details: { problem: file.problem }, hint: 'the path is relative to the workspace: "file:dist/report.html"' });
  }
}
