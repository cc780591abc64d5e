import * as z from 'zod/mini';

import type { JsonObject, JsonValue } from './json.js';
import { LIMITS } from './limits.js';
import { INPUT_NAME, PHASE_ID, WORKFLOW_ID } from './names.js';

/** What the digest of a manifest is made with: part of the hashed bytes. */
export const PLAYBOOK_DIGEST_TYPE = 'playbook';

const line = z.string().check(z.minLength(1), z.maxLength(1_024));
const prose = z.string().check(z.minLength(1), z.maxLength(16_384));
const many = LIMITS.playbookItems;

/** Kinds that name something the daemon knows. Every other kind is an attestation: the word of whoever gave it. */
export const EVIDENCE_KINDS = ['run', 'task', 'agent', 'approval', 'question', 'output', 'flow', 'artifact'] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

const evidenceKind = z.string().check(z.regex(/^[a-z][a-z0-9_-]{0,63}$/, { error: 'a kind of evidence is lower case: "artifact", "review"' }));
const evidenceId = z.string().check(z.minLength(1), z.maxLength(512));

/** Something that was given as evidence. */
export const evidenceRefSchema = z.strictObject({ kind: evidenceKind, id: evidenceId, description: z.optional(z.string().check(z.maxLength(4_096))) });
export type EvidenceRef = z.infer<typeof evidenceRefSchema>;

/** Evidence that has to be there: any of the kind, or the one with this id. */
export const requiredEvidenceSchema = z.strictObject({ kind: evidenceKind, id: z.optional(evidenceId), description: z.optional(line) });
export type RequiredEvidence = z.infer<typeof requiredEvidenceSchema>;

/** A tool in the policy of a playbook. */
export const toolNameSchema = z.string().check(
  z.regex(/^(?:\*|shell|(?:@[a-z0-9~*][a-z0-9._~*-]*\/)?[a-z0-9~*][a-z0-9._~*-]*\/[a-z*][a-z0-9*-]*:[a-z0-9*-]+)$/, {
    error: 'a tool is "shell", "@scope/package/group:command", or such a name with "*" for any characters but "/"; "*" alone is every tool',
  }),
);

/**
 * A procedure, as written: immutable, and named by its digest. `tools` is judged by what the runs of a flow really did, not by what
 * they were told; `shell` stands for scripts and for programs that commands start.
 */
export const playbookManifestSchema = z.strictObject({
  playbook_id: z.string().check(z.regex(WORKFLOW_ID)),
  version: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/, { error: 'a version is letters, digits and ".+_-", such as 1.4.0' })),
  title: line,
  objective: prose,
  description: z.optional(prose),
  inputs: z.optional(
    z.array(z.strictObject({ name: z.string().check(z.regex(INPUT_NAME)), description: z.optional(line), required: z.optional(z.boolean()) })).check(z.maxLength(many)),
  ),
  preconditions: z.optional(z.array(line).check(z.maxLength(many))),
  roles: z.optional(z.array(z.strictObject({ role_id: z.string().check(z.regex(PHASE_ID)), purpose: line })).check(z.maxLength(many))),
  phases: z.optional(
    z
      .array(
        z.strictObject({
          phase_id: z.string().check(z.regex(PHASE_ID)),
          objective: line,
          acceptance_criteria: z.optional(z.array(line).check(z.maxLength(many))),
          required_evidence: z.optional(z.array(requiredEvidenceSchema).check(z.maxLength(many))),
        }),
      )
      .check(z.maxLength(many)),
  ),
  acceptance_criteria: z.optional(z.array(line).check(z.maxLength(many))),
  evidence_expectations: z.optional(z.array(line).check(z.maxLength(many))),
  required_evidence: z.optional(z.array(requiredEvidenceSchema).check(z.maxLength(many))),
  tools: z.optional(
    z.strictObject({
      /** Whether a tool that is not allowed, or is denied, fails the flow. */
      enforce: z.optional(z.boolean()),
      /** Left out: everything that is not denied. */
      allow: z.optional(z.array(toolNameSchema).check(z.maxLength(256))),
      deny: z.optional(z.array(toolNameSchema).check(z.maxLength(256))),
    }),
  ),
  runtime_defaults: z.optional(
    z.strictObject({ workflow_id: z.optional(z.string().check(z.regex(WORKFLOW_ID))), provider: z.optional(line), model: z.optional(line) }),
  ),
  scopes: z.optional(
    z.strictObject({
      capability_scope: z.optional(z.array(line).check(z.maxLength(many))),
      credential_scope: z.optional(z.array(line).check(z.maxLength(many))),
      required_capability_scope: z.optional(z.array(line).check(z.maxLength(many))),
      required_credential_scope: z.optional(z.array(line).check(z.maxLength(many))),
    }),
  ),
  metadata: z.optional(z.record(z.string(), z.json())),
});
export type PlaybookManifest = z.infer<typeof playbookManifestSchema>;

export const RELEASE_STATES = ['draft', 'verified', 'canary', 'active', 'revoked'] as const;
export type ReleaseState = (typeof RELEASE_STATES)[number];

/** The states whose versions can start flows. */
export const STARTABLE_STATES: readonly ReleaseState[] = ['verified', 'canary', 'active'];

/** One version of a playbook, exactly. */
export interface PlaybookRef {
  readonly playbook_id: string;
  readonly version: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}
export const playbookRefSchema = z.strictObject({
  playbook_id: z.string().check(z.regex(WORKFLOW_ID)),
  version: z.string().check(z.minLength(1), z.maxLength(64)),
  digest: z.string().check(z.regex(/^sha256:[a-f0-9]{64}$/, { error: 'a digest is "sha256:" and 64 hex digits' })),
});

/** One change of the release state of a version. */
export interface ReleaseChange {
  readonly from: ReleaseState | null;
  readonly to: ReleaseState;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly by: string;
  readonly evidence_refs: readonly EvidenceRef[];
  readonly reason: string | null;
}

/** A version in a list. */
export interface PlaybookSummaryView extends PlaybookRef {
  readonly title: string;
  readonly status: ReleaseState;
  readonly startable: boolean;
  readonly created_at: string;
  readonly created_by: string;
  readonly released_at: string | null;
}

export interface PlaybookView extends PlaybookSummaryView {
  /** As written. */
  readonly manifest: JsonObject;
  /** The oldest first. */
  readonly history: readonly ReleaseChange[];
}

/** One difference between two values. Where there is nothing on a side, it is `null` there. */
export interface ValueChange {
  /** As `tools.allow` or `phases[review].objective`: an item of a list by what it is called, else by its place. */
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed' | 'reordered';
  readonly from: JsonValue;
  readonly to: JsonValue;
}

/** What two versions of a playbook do not have in common. */
export interface PlaybookDiff {
  readonly from: PlaybookRef;
  readonly to: PlaybookRef;
  readonly manifest: readonly ValueChange[];
  /**
   * What the workflows they name by default would do as they are now: `workflows` by id, with digests; `plugins` by name, with version and
   * integrity; `permissions` by command; `network`, the hosts that commands may reach; `secrets`; `images`, with digests.
   */
  readonly reach: readonly ValueChange[];
  /** Why what a version would do cannot be told. */
  readonly problems: readonly { readonly version: string; readonly code: string; readonly message: string }[];
}
