import { IMAGE_REFERENCE } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { compileGlob, matchesGlob } from '../files/glob.js';
import type { HostEnv } from '../process-tree/base-env.js';
import { ask, type ContainerProgram, findContainerProgram, problemOf } from './container-program.js';
import type { ContainerSettings } from './container-settings.js';

export interface ResolvedImage {
  /** What to run: `sha256:` and hex. */
  readonly id: string;
  /** Of the image's configuration, which is what its id is. */
  readonly digest: string;
  readonly reference: string;
}

/** `[registry/]path[:tag][@digest]`: Podman would take more, as archives of this machine by their paths. */
const REFERENCE = /^(?:[A-Za-z0-9.-]+(?::\d{1,5})?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/;

const tried = new Map<string, Promise<void>>();

/**
 * The image that is here under a name, or is fetched under it. `TARGET_NOT_AVAILABLE` when it may not be run here or has no `sh`,
 * `IMAGE_NOT_AVAILABLE` when it is not to be had.
 */
export async function resolveImage(reference: string, settings: ContainerSettings, { hostEnv, signal }: { hostEnv: HostEnv; signal: AbortSignal }): Promise<ResolvedImage> {
  if (!IMAGE_REFERENCE.test(reference) || !REFERENCE.test(reference)) throw refused(`${JSON.stringify(reference.slice(0, 200))} is no name of an image`);
  const isAllowed = settings.images?.some((pattern) => matchesGlob(compileGlob(pattern), reference)) ?? true;
  if (!isAllowed) throw refused(`the image ${reference} is not among those that may be run here`);
  const found = await findContainerProgram(settings, hostEnv);
  if (!found.ok) throw refused(found.problem);
  const id = (await lookUp(found.program, reference, signal)) ?? (await fetchImage(found.program, reference, settings, signal));
  await tryOnce(found.program, id, reference);
  return { id, digest: id, reference };
}

async function lookUp(program: ContainerProgram, reference: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const id = await ask(program, ['image', 'inspect', '--format', '{{.Id}}', reference], signal);
    return `sha256:${id.replace(/^sha256:/, '')}`;
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    if (/no such (?:image|object)|not known|not found|unable to inspect/i.test(problemOf(thrown))) return undefined;
    throw new AppError('IMAGE_NOT_AVAILABLE', { image: reference, problem: problemOf(thrown) });
  }
}

async function fetchImage(program: ContainerProgram, reference: string, { pull = 'missing' }: ContainerSettings, signal: AbortSignal): Promise<string> {
  if (pull === 'never') throw new AppError('IMAGE_NOT_AVAILABLE', { image: reference, problem: 'it is not here, and images are not fetched' });
  try {
    // By its transport, for podman takes `dir:x` for a folder. A name without a registry is one of Docker's, as with docker.
    await ask(program, ['pull', '--quiet', program.kind === 'podman' ? `docker://${reference}` : reference], signal);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw new AppError('IMAGE_NOT_AVAILABLE', { image: reference, problem: problemOf(thrown) });
  }
  const id = await lookUp(program, reference, signal);
  if (id === undefined) throw new AppError('IMAGE_NOT_AVAILABLE', { image: reference, problem: 'it was fetched and is not here' });
  return id;
}

/** Starts it once per process: what is wrong with it is better known before a step runs. */
async function tryOnce(program: ContainerProgram, id: string, reference: string): Promise<void> {
  const key = JSON.stringify([program.path, program.env, id]);
  const asked = tried.get(key) ?? tryImage(program, id, reference);
  tried.set(key, asked);
  try {
    await asked;
  } catch (thrown) {
    tried.delete(key);
    throw thrown;
  }
}

async function tryImage(program: ContainerProgram, id: string, reference: string): Promise<void> {
  const flags = ['--rm', '--pull', 'never', '--network', 'none', '--read-only', '--init', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--log-driver', 'none'];
  try {
    await ask(program, ['run', ...program.user, ...flags, '--entrypoint', 'sh', id, '-c', 'exit 0']);
  } catch (thrown) {
    const problem = problemOf(thrown);
    if (/executable file.*not found|no such file or directory/i.test(problem)) throw refused(`the image ${reference} has no sh (${problem})`);
    throw refused(`the image ${reference} cannot be started: ${problem}`);
  }
}

function refused(problem: string): AppError {
  return new AppError('TARGET_NOT_AVAILABLE', { target: 'a container', problem });
}
