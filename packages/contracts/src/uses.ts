/**
 * What a step runs: a command of a plugin, `@scope/package[@range]/group:command`.
 * The range is an npm version range and pins what may be resolved.
 */
export interface PluginUses {
  readonly kind: 'plugin';
  readonly package: string;
  readonly range?: string;
  readonly command: string;
}

/** Steps of the engine itself that wait or decide, `builtin:<name>`. */
export const CONTROL_NAMES = ['approval', 'gate', 'sleep', 'wait'] as const;
export type ControlName = (typeof CONTROL_NAMES)[number];

/** A step of the engine itself. A `run:` script becomes `builtin:run` when the document is resolved; it cannot be written. */
export interface BuiltinUses {
  readonly kind: 'builtin';
  readonly name: 'run' | ControlName;
}

/** Another workflow, `workflow://<id>`. `digest` is of the document that was checked with this one; it is there in a plan. */
export interface WorkflowUses {
  readonly kind: 'workflow';
  readonly id: string;
  readonly digest?: string;
}

export type Uses = PluginUses | BuiltinUses | WorkflowUses;

const PLUGIN =
  /^(?<package>(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*)(?:@(?<range>[^/\s]+))?\/(?<command>[a-z][a-z0-9-]*:[a-z][a-z0-9-]*)$/;
const WORKFLOW = /^workflow:\/\/([a-z0-9][a-z0-9._-]{0,63})$/;
const BUILTIN = /^builtin:([a-z]+)$/;

/** Reads a written `uses:`. `undefined` when it has none of the known forms. */
export function parseUses(written: string): Uses | undefined {
  const workflow = WORKFLOW.exec(written)?.[1];
  if (workflow !== undefined) return { kind: 'workflow', id: workflow };
  const builtin = BUILTIN.exec(written)?.[1];
  const control = CONTROL_NAMES.find((name) => name === builtin);
  if (control !== undefined) return { kind: 'builtin', name: control };
  const groups = PLUGIN.exec(written)?.groups;
  const name = groups?.['package'];
  const command = groups?.['command'];
  if (name === undefined || command === undefined) return undefined;
  const range = groups?.['range'];
  return { kind: 'plugin', package: name, command, ...(range === undefined ? {} : { range }) };
}

/** The written form of a `uses`: what the document says and what views show. */
export function formatUses(uses: Uses): string {
  switch (uses.kind) {
    case 'builtin':
      return `builtin:${uses.name}`;
    case 'workflow':
      return `workflow://${uses.id}`;
    case 'plugin':
      return `${uses.package}${uses.range === undefined ? '' : `@${uses.range}`}/${uses.command}`;
  }
}
