import * as z from 'zod/mini';

import { LIMITS } from '../limits.js';
import { evidenceRefSchema, type PlaybookDiff, playbookRefSchema, type PlaybookSummaryView, type PlaybookView, RELEASE_STATES, type ReleaseChange, type ValueChange } from '../playbook.js';
import type { RouteSpec } from './route-spec.js';
import { instant, json, jsonObject, schemaOf, wholeNumber, wirePageOf } from './schema-of.js';
import { diagnosticSchema } from './workflow-schemas.js';

const text = z.string();
const ofPlaybook = z.strictObject({ id: text });
const paged = { cursor: z.exactOptional(text), limit: z.exactOptional(wholeNumber(1, 200)) };
const version = playbookRefSchema.shape.version;
const digest = playbookRefSchema.shape.digest;
const state = z.enum(RELEASE_STATES);
const ref = { playbook_id: text, version: text, digest: text };

const summary = { ...ref, title: text, status: state, startable: z.boolean(), created_at: instant, created_by: text, released_at: z.nullable(instant) };
const playbookSummarySchema = schemaOf<PlaybookSummaryView>()(z.strictObject(summary));

const releaseChange = schemaOf<ReleaseChange>()(
  z.strictObject({ from: z.nullable(state), to: state, at: instant, by: text, evidence_refs: z.array(evidenceRefSchema), reason: z.nullable(text) }),
);

export const playbookSchema = schemaOf<PlaybookView>()(z.strictObject({ ...summary, manifest: jsonObject, history: z.array(releaseChange) }));

const valueChange = schemaOf<ValueChange>()(z.strictObject({ path: text, change: z.enum(['added', 'removed', 'changed', 'reordered']), from: json, to: json }));

export const playbookDiffSchema = schemaOf<PlaybookDiff>()(
  z.strictObject({
    from: z.strictObject(ref),
    to: z.strictObject(ref),
    manifest: z.array(valueChange),
    reach: z.array(valueChange),
    problems: z.array(z.strictObject({ version: text, code: text, message: text })),
  }),
);

/** Procedures that were written down, and which of their versions can be started. */
export const PLAYBOOK_ROUTES = {
  validatePlaybook: {
    method: 'POST',
    path: '/v1/playbooks/validate',
    tag: 'playbooks',
    summary: 'Check a manifest, and what its flows would run here; keep nothing',
    description: '`text` is YAML or JSON. `file` is what diagnostics call it.',
    access: 'read',
    body: z.strictObject({ text: text.check(z.maxLength(LIMITS.documentBytes)), file: z.exactOptional(text.check(z.minLength(1), z.maxLength(1_024))) }),
    answers: [{ status: 200, body: z.strictObject({ valid: z.boolean(), manifest: z.nullable(jsonObject), digest: z.nullable(text), diagnostics: z.array(diagnosticSchema) }) }],
  },
  createPlaybook: {
    method: 'POST',
    path: '/v1/playbooks',
    tag: 'playbooks',
    summary: 'Keep a version of a playbook, as a draft',
    description: 'The same manifest again changes nothing. Another one under the same version is refused: a version never changes.',
    access: 'write',
    body: z.strictObject({ manifest: jsonObject }),
    answers: [
      { status: 201, body: playbookSchema, when: 'it is kept' },
      { status: 200, body: playbookSchema, when: 'it was there' },
    ],
  },
  listPlaybooks: {
    method: 'GET',
    path: '/v1/playbooks',
    tag: 'playbooks',
    summary: 'List versions of playbooks, by id and version',
    access: 'read',
    query: z.strictObject({ playbook_id: z.exactOptional(text), ...paged }),
    answers: [{ status: 200, body: wirePageOf(playbookSummarySchema) }],
  },
  getPlaybook: {
    method: 'GET',
    path: '/v1/playbooks/:id',
    tag: 'playbooks',
    summary: 'Show a version of a playbook with its history',
    description: 'Without `version` it is the active one, else the newest that can start flows, else the newest.',
    access: 'read',
    params: ofPlaybook,
    query: z.strictObject({ version: z.exactOptional(version) }),
    answers: [{ status: 200, body: playbookSchema }],
  },
  diffPlaybooks: {
    method: 'GET',
    path: '/v1/playbooks/:id/diff',
    tag: 'playbooks',
    summary: 'Show what differs between two versions: in what they say, and in what they would run here and now',
    access: 'read',
    params: ofPlaybook,
    query: z.strictObject({ from: version, to: version }),
    answers: [{ status: 200, body: playbookDiffSchema }],
  },
  publishPlaybook: {
    method: 'POST',
    path: '/v1/playbooks/:id/publish',
    tag: 'playbooks',
    summary: 'Let a version start flows',
    description: 'On evidence, and for the exact digest. There is one active version of a playbook: the former becomes verified.',
    access: 'approve',
    params: ofPlaybook,
    body: z.strictObject({ version, digest, status: z.enum(['verified', 'canary', 'active']), evidence_refs: z.array(evidenceRefSchema).check(z.maxLength(LIMITS.playbookItems)) }),
    recorded: ['version', 'digest', 'status'],
    answers: [{ status: 200, body: playbookSchema }],
  },
  revokePlaybook: {
    method: 'POST',
    path: '/v1/playbooks/:id/revoke',
    tag: 'playbooks',
    summary: 'Let a version start no flows any more, for ever',
    description: 'Flows that have started go on, unless `stop_running` has them cancelled.',
    access: 'approve',
    params: ofPlaybook,
    body: z.strictObject({ version, digest, reason: text.check(z.minLength(1), z.maxLength(4_096)), stop_running: z.exactOptional(z.boolean()) }),
    recorded: ['version', 'digest', 'reason', 'stop_running'],
    answers: [{ status: 200, body: playbookSchema }],
  },
} as const satisfies Readonly<Record<string, RouteSpec>>;
