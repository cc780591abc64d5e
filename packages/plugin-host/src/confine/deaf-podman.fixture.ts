import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import type { HostEnv } from '../process-tree/base-env.js';
import { findProgram } from './find-program.js';

/** The environment of a host whose Podman hands on no signal to what it runs, as it sometimes does for a moment. */
export async function deafPodman(folder: string, hostEnv: HostEnv): Promise<HostEnv> {
  const real = await findProgram('podman', hostEnv['PATH']);
  if (real === undefined) throw new Error('podman is not installed');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'podman'), `#!/bin/sh\ncase $1 in run) shift; set -- run --sig-proxy=false "$@";; esac\nexec ${real} "$@"\n`, { mode: 0o755 });
  return { ...hostEnv, PATH: `${bin}${delimiter}${hostEnv['PATH'] ?? ''}` };
}
