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

/** A handler of the engine itself. A `run:` script becomes `builtin:run` when the document is resolved. */
export interface BuiltinUses {
  readonly kind: 'builtin';
  readonly name: 'run';
}

export type Uses = PluginUses | BuiltinUses;

const PLUGIN =
  /^(?<package>(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*)(?:@(?<range>[^/\s]+))?\/(?<command>[a-z][a-z0-9-]*:[a-z][a-z0-9-]*)$/;

/** Reads a written `uses:`. `undefined` when it has none of the known forms. */
export function parseUses(written: string): PluginUses | undefined {
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
    case 'plugin':
      return `${uses.package}${uses.range === undefined ? '' : `@${uses.range}`}/${uses.command}`;
  }
}
