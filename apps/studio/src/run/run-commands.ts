import type { JsonObject } from '@kb-labs/contracts';

/** A word as every shell of the Bourne family reads it: within single quotes nothing means anything, so only they have to be written otherwise. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export interface Started {
  readonly workflowId: string;
  readonly input: JsonObject;
}

/** What starts the same on the command line. */
export function asCli({ workflowId, input }: Started): string {
  const inputs = Object.keys(input).length === 0 ? '' : ` --input=${shellWord(JSON.stringify(input))}`;
  return `kb workflow:run --workflow-id=${shellWord(workflowId)}${inputs}`;
}

/** What starts the same over HTTP. `gateway` ends with a slash. The key stays in the environment of whoever runs it. */
export function asCurl(gateway: string, { workflowId, input }: Started): string {
  return [
    `curl -sS -X POST ${shellWord(`${gateway}api/v1/workflows/runs`)}`,
    `-H "Authorization: Bearer $KB_API_KEY"`,
    `-H 'Content-Type: application/json'`,
    `-d ${shellWord(JSON.stringify({ workflowId, input }))}`,
  ].join(' \\\n  ');
}
