import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Programs and libraries. Nothing in them is private to anybody. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store'];
/** What programs need to start, to know the time of day and to check certificates. No accounts, no configuration of services. */
const CONFIGURATION = [
  'alternatives', 'ca-certificates', 'fonts', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'locale.alias', 'locale.conf', 'localtime',
  'mime.types', 'nsswitch.conf', 'pki', 'ssl/certs', 'ssl/openssl.cnf', 'timezone',
];
/** Only with a network: names of hosts. */
const NETWORK = ['hosts', 'resolv.conf', 'services', 'protocols'];
const CONFIGURATION_BYTES = 1_048_576;

/** Arguments of bubblewrap for the part of the system that is seen read-only, and for a private `/etc`. */
export function systemMounts(network: boolean): string[] {
  const args: string[] = [];
  for (const path of SYSTEM) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() === true) args.push('--symlink', readlinkSync(path), path);
    else if (found?.isDirectory() === true) args.push('--ro-bind', path, path);
  }
  args.push('--size', String(CONFIGURATION_BYTES), '--tmpfs', '/etc');
  for (const name of network ? [...CONFIGURATION, ...NETWORK] : CONFIGURATION) {
    const path = join('/etc', name);
    if (existsSync(path)) args.push('--ro-bind', realpathSync(path), path);
  }
  for (const path of nodePaths(process.execPath)) args.push('--ro-bind', path, path);
  return args;
}

/** The folder of this Node, when it is not one that programs are looked up in anyway. */
export function nodeFolder(program: string = process.execPath): string | undefined {
  return SYSTEM.some((path) => program.startsWith(`${path}/`)) ? undefined : dirname(program);
}

/** This Node, and npm when it came with it: not the folder around them, which can be somebody's home. */
function nodePaths(program: string): string[] {
  const folder = nodeFolder(program);
  if (folder === undefined) return [];
  const modules = join(dirname(folder), 'lib', 'node_modules');
  return existsSync(join(modules, 'npm')) ? [folder, modules] : [program];
}
