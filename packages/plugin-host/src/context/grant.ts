import { isIP } from 'node:net';

import type { Permissions, Quotas, Service } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { compileGlob, type Glob, matchesGlob } from '../files/glob.js';
import { late } from '../late.js';
import { narrowestQuotas } from './quota.js';

/**
 * What one step may do: both the command's declaration and the document's grants must allow it. A kind the document does
 * not name is left as declared; a kind the command does not name is denied.
 */
export interface Grant {
  readonly requireProgram: (program: string) => void;
  /** Whether addresses inside private networks may be reached too: only for a host written out in a list. */
  readonly requireHost: (host: string) => 'any-address' | 'public-address';
  readonly requireRead: (path: string) => void;
  /** Whether there is anything to read at all. */
  readonly requireAnyRead: () => void;
  readonly requireWrite: (path: string) => void;
  readonly mayRead: (path: string) => boolean;
  readonly mayWrite: (path: string) => boolean;
  readonly requireService: (service: Service) => void;
  readonly mayUseService: (service: Service) => boolean;
  /** Of each kind the smaller number. */
  readonly quotas: Quotas;
  /** `listed`: what the document lists for the step. */
  readonly requireSecret: (name: string, listed: readonly string[]) => void;
  readonly envNames: readonly string[];
}

/** Variables of the engine that hold secrets, or what opens them: those are given one by one, and each is recorded. */
const OF_SECRETS = /^KB_SECRETS?_/i;

interface Side {
  readonly owner: string;
  readonly permissions: Permissions;
  readonly globs: () => { readonly read: readonly Glob[]; readonly write: readonly Glob[] };
}

/** For as long as the manifest and the document are in use. */
const grants = new WeakMap<Permissions, WeakMap<Permissions, Grant>>();

/** Made once for all steps that call the same command with the same permissions: it depends on nothing else, and neither of them changes. */
export function grantOf(declared: Permissions, granted: Permissions): Grant {
  const ofCommand = grants.get(declared) ?? new WeakMap<Permissions, Grant>();
  grants.set(declared, ofCommand);
  const grant = ofCommand.get(granted) ?? toGrant(declared, granted);
  ofCommand.set(granted, grant);
  return grant;
}

/** Each required thing not allowed fails with `PERMISSION_DENIED`, naming the permission and who withholds it. */
export function toGrant(declared: Permissions, granted: Permissions): Grant {
  const sides = [
    toSide('the command does not declare it', declared),
    toSide('the "permissions" of the document do not grant it', notNarrowed(granted, declared)),
  ];
  const require = (allows: (side: Side) => boolean, act: string, permission: string): void => {
    const denying = sides.find((side) => !allows(side));
    if (denying !== undefined) throw new AppError('PERMISSION_DENIED', { act, permission }, { hint: denying.owner });
  };
  return {
    requireProgram: (program) => require(({ permissions }) => allowsProgram(permissions, program), `starting ${program}`, `shell: [${program}]`),
    requireHost: (host) => {
      require(({ permissions }) => (permissions.network ?? []).some((pattern) => fitsHost(pattern, host)), `reaching ${host}`, `network: [${host}]`);
      return sides.some(({ permissions }) => (permissions.network ?? []).some((pattern) => pattern.toLowerCase() === host)) ? 'any-address' : 'public-address';
    },
    requireRead: (path) => require(({ globs }) => fitsAny(globs().read, path), `reading ${path}`, `fs.read: [${path}]`),
    requireAnyRead: () => require(({ globs }) => globs().read.length > 0, 'listing files', 'fs.read'),
    requireWrite: (path) => require(({ globs }) => fitsAny(globs().write, path), `writing ${path}`, `fs.write: [${path}]`),
    requireSecret: (name, listed) => {
      const hint = !(declared.secrets ?? []).includes(name) ? 'the command does not declare it' : listed.includes(name) ? undefined : 'the "secrets" of the document do not list it for this step';
      if (hint !== undefined) throw new AppError('PERMISSION_DENIED', { act: `reading the secret ${name}`, permission: `secrets: [${name}]` }, { hint });
    },
    requireService: (service) => require(({ permissions }) => usesService(permissions, service), `using ctx.${service}`, `services: [${service}]`),
    mayUseService: (service) => sides.every(({ permissions }) => usesService(permissions, service)),
    quotas: narrowestQuotas(declared.quotas ?? {}, granted.quotas ?? {}),
    mayRead: (path) => sides.every(({ globs }) => fitsAny(globs().read, path)),
    mayWrite: (path) => sides.every(({ globs }) => fitsAny(globs().write, path)),
    envNames: grantedEnvNames(declared, granted),
  };
}

function toSide(owner: string, permissions: Permissions): Side {
  const { fs } = permissions;
  return { owner, permissions, globs: late(() => ({ read: (fs?.read ?? []).map(compileGlob), write: (fs?.write ?? []).map(compileGlob) })) };
}

export function grantedEnvNames(declared: Permissions, granted: Permissions): readonly string[] {
  return (declared.env ?? []).filter((name) => !OF_SECRETS.test(name) && (granted.env === undefined || granted.env.includes(name)));
}

function notNarrowed(granted: Permissions, declared: Permissions): Permissions {
  return {
    ...(granted.shell === undefined ? { shell: declared.shell } : { shell: granted.shell }),
    ...(granted.network === undefined ? { network: declared.network } : { network: granted.network }),
    ...(granted.fs === undefined ? { fs: declared.fs } : { fs: granted.fs }),
    ...(granted.services === undefined ? { services: declared.services } : { services: granted.services }),
  };
}

function allowsProgram({ shell }: Permissions, program: string): boolean {
  return Array.isArray(shell) ? shell.includes(program) : shell === true;
}

function usesService({ services = [] }: Permissions, service: Service): boolean {
  return services.includes(service);
}

/** `*.example.com` is every host below example.com, `*` every host; anything else is one host. */
function fitsHost(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase();
  if (wanted === '*') return true;
  if (!wanted.startsWith('*.')) return wanted === host;
  return isIP(host) === 0 && host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1;
}

function fitsAny(globs: readonly Glob[], path: string): boolean {
  return globs.some((glob) => matchesGlob(glob, path));
}
