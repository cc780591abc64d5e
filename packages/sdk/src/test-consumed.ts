import { createHash } from 'node:crypto';

import { artifactTypeOf, type PluginArtifacts } from '@kb-labs/contracts';

import { FatalError } from './failures.js';

/** What a test's handler finds of the jobs before its own; any other name fails as in the engine. */
export function testConsumed(contents: Readonly<Record<string, string | Uint8Array>>): Pick<PluginArtifacts, 'consumed' | 'read'> {
  const bytesByName = new Map(Object.entries(contents).map(([name, content]) => [name, new Uint8Array(Buffer.from(content))]));
  return {
    consumed: Object.freeze([...bytesByName].map(([name, bytes]) => Object.freeze({ name, type: artifactTypeOf(name), digest: digestOf(bytes), bytes: bytes.length }))),
    read: async (name) => {
      const bytes = bytesByName.get(name);
      if (bytes === undefined) throw new FatalError(`the artifact "${name}" is not there: the test does not name it under "consumed"`, { code: 'ARTIFACT_MISSING' });
      return bytes.slice();
    },
  };
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
