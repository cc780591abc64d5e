import { availableParallelism } from 'node:os';

import { describe, expect, it } from 'vitest';

import type { Room } from './confinement.js';
import { type ContainerShape, containerArgs } from './container-args.js';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const USER = ['--user', '1000:1000'];
const ROOM: Room = { workspace: '/w', workspaceAccess: 'write', readable: [], writable: [], network: false, limits: {}, image: IMAGE, labels: { run: 'r1', job: 'build' } };
const SHAPE: ContainerShape = {
  name: 'kb-1',
  owner: 'host/boot/ns/1/2',
  settings: {},
  program: { kind: 'podman', user: USER },
  mounts: [
    { kind: 'write', path: '/w', source: '/real' },
    { kind: 'read', path: '/w/.kb', source: '/real/.kb' },
    { kind: 'empty', path: '/w/.kb/state', source: '/w/.kb/state' },
  ],
  envNames: ['KBENV_0', 'KB_RUN_ID'],
  filter: '/f/container.json',
  command: ['sh', '-c', 'exec "$@"', 'sh', 'node', '--privileged'],
};

interface Attempt {
  readonly cwd?: string;
  readonly room?: Partial<Room>;
  readonly shape?: Partial<ContainerShape>;
}

function build({ cwd = '/w', room, shape }: Attempt = {}): string[] {
  return containerArgs({ cwd }, { ...ROOM, ...room }, { ...SHAPE, ...shape });
}

/** Everything from the memory limit to the image: what holds for each container. */
const FIXED =
  '--memory M --memory-swap M --pids-limit P --cpus C --network none --user 1000:1000 --rm --interactive --init --pull never --log-driver none --no-healthcheck --hostname kb-container --http-proxy=false --image-volume ignore --tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777,size=1073741824,notmpcopyup --read-only --cap-drop ALL --security-opt no-new-privileges --security-opt seccomp=/f/container.json --entrypoint sh'.split(' ');

/** Options before the fixed ones, each with the one argument that follows it. */
const OPEN = new Set(['--name', '--label', '--workdir', '--mount', '--env']);

function problems(args: readonly string[]): string[] {
  const found: string[] = [];
  const start = args.indexOf('--memory');
  const image = start + FIXED.length;
  const fixed = args.slice(start, image).map((arg, index) => ({ 1: 'M', 3: 'M', 5: 'P', 7: 'C' })[index] ?? arg);
  if (JSON.stringify(fixed) !== JSON.stringify(FIXED)) found.push(`the fixed options are ${fixed.join(' ')}`);
  for (const index of [1, 3, 5, 7]) if (!/^\d+(?:\.\d+)?$/.test(args[start + index] ?? '') || Number(args[start + index]) <= 0) found.push(`no limit: ${args[start + index] ?? ''}`);
  if (!/^sha256:[a-f0-9]{64}$/.test(args[image] ?? '')) found.push(`not an image: ${args[image] ?? ''}`);
  for (let at = 1; at < start; at += 2) {
    const [option = '', value = ''] = [args[at], args[at + 1]];
    if (!OPEN.has(option)) found.push(`the option ${option}`);
    if (option === '--label' && !/^dev\.kb-labs\.[a-z][a-z0-9-]*=[\w .:/@-]*$/.test(value)) found.push(`the label ${value}`);
    if (option === '--env' && !/^[A-Za-z_]\w*$/.test(value)) found.push(`the variable ${value}`);
    if (option === '--mount' && !/^type=(?:bind,source=\/[^,"]*,target=\/[^,"]*(?:,readonly)?|tmpfs,target=\/[^,"]*,tmpfs-size=\d+,tmpfs-mode=0500,notmpcopyup)$/.test(value)) found.push(`the mount ${value}`);
  }
  return found;
}

const limits = (each: Room['limits']): Attempt => ({ room: { limits: each } });
const label = (key: string, value: string): Attempt => ({ room: { labels: { [key]: value } } });
const mount = (path: string, source = path): Attempt => ({ shape: { mounts: [{ kind: 'read', path, source }] } });
const variable = (name: string): Attempt => ({ shape: { envNames: [name] } });
const image = (id: string): Attempt => ({ room: { image: id } });

const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  'an image that is an option': image('--privileged'),
  'an image with an option before it': image(`--privileged ${IMAGE}`),
  'an image with an option after it': image(`${IMAGE} --privileged`),
  'an image with an option in the next line': image(`${IMAGE}\n--privileged`),
  'an image by its name': image('alpine'),
  'an image by its name and an option': image('alpine --privileged'),
  'an image with a digest of a registry': image(`alpine@${IMAGE}`),
  'an image of another transport': image('docker-archive:/etc/shadow'),
  'an image without a name': image(''),
  'a very long image': image('a'.repeat(100_000)),
  'an image id in capitals': image(IMAGE.toUpperCase()),
  'no image': { room: { image: undefined as unknown as string } },
  'a variable that is an option': variable('--privileged'),
  'a variable with a value': variable('A=b'),
  'a variable with a line break': variable('A\n--privileged'),
  'a variable with a star': variable('KB_*'),
  'a variable without a name': variable(''),
  'a variable with a space': variable('A --privileged'),
  'a path with a comma': mount('/w,readonly=false'),
  'a path that ends the mount': mount('/w,type=bind,source=/,target=/host'),
  'a source with a comma': mount('/w', '/x,bind-propagation=shared'),
  'a path with a colon': mount('/w:rw'),
  'a path with a line break': mount('/w\n--privileged'),
  'a path in quotes': mount('/w"'),
  'a path that is an option': mount('--privileged'),
  'a relative path': mount('w'),
  'a path with NUL': mount('/w\0'),
  'a working directory that is an option': { cwd: '--privileged' },
  'a working directory with a comma': { cwd: '/w,x' },
  'a label that is an option': label('--privileged', ''),
  'a label in place of the owner': label('owner', 'somebody'),
  'a label with a name of its own': label('io.podman.annotations.privileged', 'TRUE'),
  'a label with an equals sign': label('job=x', 'y'),
  'a label with a line break': label('job', 'x\n--privileged'),
  'a label with options': label('job', 'x --privileged --cap-add=ALL'),
  'a label with a comma and quotes': label('job', '",a=b,"'),
  'a very long label': label('job', 'x'.repeat(100_000)),
  'a label of the prototype': label('__proto__', 'x'),
  'no memory': limits({ memoryBytes: 0 }),
  'less than no memory': limits({ memoryBytes: -1 }),
  'memory that is no number': limits({ memoryBytes: Number.NaN }),
  'endless memory': limits({ memoryBytes: Number.POSITIVE_INFINITY }),
  'memory beyond numbers': limits({ memoryBytes: 1e300 }),
  'memory as text': limits({ memoryBytes: '1g --privileged' as unknown as number }),
  'no processes': limits({ pids: 0 }),
  'as many processes as one likes': limits({ pids: -1 }),
  'processes that are no number': limits({ pids: Number.NaN }),
  'a part of a process': limits({ pids: 0.5 }),
  'no cpu': limits({ cpus: 0 }),
  'less than no cpu': limits({ cpus: -2 }),
  'cpus that are no number': limits({ cpus: Number.NaN }),
  'cpus beyond those that are there': limits({ cpus: 1e9 }),
  'settings without memory': { shape: { settings: { memoryBytes: 0 } } },
  'settings without a limit of processes': { shape: { settings: { pids: -1 } } },
};

describe('containerArgs', () => {
  it('are these', () => {
    const cpus = Math.min(2, availableParallelism());
    expect(build()).toEqual([
      ...'run --name kb-1 --label dev.kb-labs.owner=host/boot/ns/1/2 --label dev.kb-labs.run=r1 --label dev.kb-labs.job=build --workdir /w'.split(' '),
      ...'--mount type=bind,source=/real,target=/w --mount type=bind,source=/real/.kb,target=/w/.kb,readonly --mount type=tmpfs,target=/w/.kb/state,tmpfs-size=65536,tmpfs-mode=0500,notmpcopyup'.split(' '),
      ...'--env KBENV_0 --env KB_RUN_ID'.split(' '),
      ...FIXED.map((arg, index) => ({ 1: '1073741824', 3: '1073741824', 5: '512', 7: String(cpus) })[index] ?? arg),
      ...[IMAGE, '-c', 'exec "$@"', 'sh', 'node', '--privileged'],
    ]);
    expect(problems(build())).toEqual([]);
  });

  it('are those of Docker for Docker', () => {
    const args = build({ shape: { program: { kind: 'docker', user: USER } } });
    const others = build().filter((arg) => !args.includes(arg));
    expect(others.filter((arg) => !arg.endsWith(',notmpcopyup'))).toEqual(['--http-proxy=false', '--image-volume', 'ignore']);
    expect(args.filter((arg) => !build().includes(arg)).map((arg) => `${arg},notmpcopyup`)).toEqual(others.filter((arg) => arg.endsWith(',notmpcopyup')));
  });

  it('open the network, and only that, for a room with one', () => {
    const closed = build();
    const open = build({ room: { network: true } });
    const at = closed.indexOf('--network');
    expect(open).toEqual(closed.toSpliced(at, 2));
    expect(problems(open)).not.toEqual([]);
  });

  it('take the limits of the step before those of the settings', () => {
    const settings = { memoryBytes: 2 ** 31, pids: 100, cpus: 1 };
    expect(build({ shape: { settings } }).join(' ')).toContain('--memory 2147483648 --memory-swap 2147483648 --pids-limit 100 --cpus 1 ');
    expect(build({ shape: { settings }, ...limits({ memoryBytes: 2 ** 30, pids: 50, cpus: 0.5 }) }).join(' ')).toContain('--memory 1073741824 --memory-swap 1073741824 --pids-limit 50 --cpus 0.5 ');
  });

  it(`are weakened by none of ${String(Object.keys(ATTEMPTS).length)} attempts`, () => {
    const refused: string[] = [];
    for (const [name, attempt] of Object.entries(ATTEMPTS)) {
      let args: string[];
      try {
        args = build(attempt);
      } catch (thrown) {
        expect(thrown, name).toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
        refused.push(name);
        continue;
      }
      expect(problems(args), name).toEqual([]);
    }
    expect(Object.keys(ATTEMPTS).length).toBeGreaterThanOrEqual(30);
    // What is let through is what could be made harmless.
    expect(Object.keys(ATTEMPTS).filter((name) => !refused.includes(name))).toEqual([
      'a label with a line break',
      'a label with options',
      'a label with a comma and quotes',
      'a very long label',
      'cpus beyond those that are there',
    ]);
  });

  it('would be found weakened by this test', () => {
    const args = build();
    expect(problems(args.toSpliced(1, 0, '--privileged', ''))).not.toEqual([]);
    expect(problems(args.toSpliced(args.indexOf('--read-only'), 1))).not.toEqual([]);
    expect(problems(args.map((arg) => (arg === 'none' ? 'host' : arg)))).not.toEqual([]);
    expect(problems(args.map((arg) => (arg.startsWith('type=bind') ? `${arg},bind-propagation=shared` : arg)))).not.toEqual([]);
    expect(problems(args.map((arg) => (arg === '512' ? '-1' : arg)))).not.toEqual([]);
  });
});
