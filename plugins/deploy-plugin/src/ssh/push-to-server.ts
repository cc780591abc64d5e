import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { PluginContext } from '@kb-labs/sdk';

import { askProgram } from '../ask-program.js';
import { keyOf } from '../note-release.js';
import type { PushOutcome } from '../push-outcome.js';
import { releaseName, type ReleaseNote, type ReleaseRecord } from '../release/requests.js';
import { digestIn } from './said-record.js';
import { type ServerTarget, withServer } from './open-server.js';
import { FINISH, PREPARE } from './remote-scripts.js';

const KEEP = 5;

/**
 * By contents, not by size and time: builds often give their files one fixed time, and what looks the same is not sent but
 * taken from the release before. Permissions as in release folders here.
 */
const LIKE = ['--recursive', '--links', '--perms', '--times', '--checksum', '--delete', '--chmod=u-s,g-s,o-t', '--exclude=.[gG][iI][tT]', '--exclude=/.kb', '--timeout=300'];

/** A new release folder on a server: sent beside the others, then made current by one rename. */
export async function pushToServer({ source, keep = KEEP, ...target }: ServerTarget & { readonly source: string; readonly keep?: number | undefined }, note: ReleaseNote, ctx: PluginContext): Promise<PushOutcome> {
  const key = keyOf(ctx);
  const { digest, files, bytes } = await askProgram(ctx, { act: 'scan', workspace: ctx.workspace, source, want: 'contents' });
  return withServer(target, ctx, async (server) => {
    const prepared = await server.run(PREPARE, [target.path, key]);
    const release = prepared.get('name') || releaseName(key, note.createdAt);
    if (prepared.get('whole') !== 'yes') {
      const current = prepared.get('current') ?? '';
      // Relative to the folder that is made.
      const like = current === '' ? [] : [`--link-dest=../${current}`];
      await server.send(await realpath(resolve(ctx.workspace, source)), `${target.path}/releases/.new-${key}`, [...LIKE, ...like]);
    }
    const record: ReleaseRecord = { release, digest, files, bytes, ...note };
    const said = await server.run(FINISH, [target.path, key, release, JSON.stringify(record), String(keep)]);
    return {
      release,
      previous: said.get('previous') || null,
      changed: digestIn(said, 'was') !== digestIn(said, 'is'),
      repeated: said.get('repeated') === 'yes',
      files,
      bytes,
    };
  });
}
