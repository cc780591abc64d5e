import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { NotHere } from './not-here.mjs';
import { freePort, startServer } from './start-server.mjs';

const VERSIONS = '/usr/lib/postgresql';

/**
 * A Postgres of the bench's own on a free port of this machine, as `initdb` sets it up: every commit is on the disk before it is answered.
 * As root it runs as another user, for it refuses that one. Fails with `NotHere`.
 *
 * @param {string} dir an empty folder
 */
export async function startPostgres(dir) {
  const bin = findPrograms();
  const data = join(dir, 'data');
  const user = ordinaryUser();
  if (user !== undefined) chownSync(dir, user.uid, user.gid);
  const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '--auth=trust', '-E', 'UTF8', '--no-locale'], { cwd: dir, encoding: 'utf8', ...user });
  if (made.status !== 0) throw new NotHere(`initdb does not work: ${made.stderr}`);
  const port = await freePort();
  const server = await startServer(join(bin, 'postgres'), ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${dir}`], {
    cwd: dir,
    ...user,
    ready: () => Promise.resolve(spawnSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).status === 0),
    // Lets nobody finish first.
    endWith: 'SIGINT',
  });
  return { url: `postgresql://bench@127.0.0.1:${String(port)}/bench`, version: versionOf(bin), stop: () => server.stop() };
}

function findPrograms() {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).toSorted((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(VERSIONS, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  if (found === undefined) throw new NotHere('there is no Postgres: "apt-get install postgresql"');
  return found;
}

/** @param {string} bin */
function versionOf(bin) {
  return spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout.trim();
}

/** `undefined`: whoever runs this. */
function ordinaryUser() {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (found === undefined) throw new NotHere('Postgres does not run as root, and there is no user "postgres" or "nobody"');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}
