import { statSync } from 'node:fs';
import { join } from 'node:path';

import { SECRET_NAME } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';
import type { Clock, KeptSecret, Secrets } from '@kb-labs/ports';

import { secretProblem } from './secret-problem.js';
import type { SealedValues } from './sealed-values.js';

const PREFIX = 'KB_SECRET_';
const FILE = '.kb/secrets.enc';

interface ProjectSecretsOptions {
  /** Absolute. */
  readonly projectRoot: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Secrets that can be changed as well. */
export interface ProjectSecrets extends Secrets {
  /** `keyMade`: the file of a key that was made for this. Fails with `SECRET_UNUSABLE` or `SECRETS_UNREADABLE`. */
  set(name: string, value: string): Promise<{ readonly keyMade?: string; /** The environment has one, and that is the one in use. */ readonly hidden: boolean }>;
  /** Fails with `SECRET_NOT_FOUND`. */
  remove(name: string): Promise<void>;
}

/**
 * The secrets of a project as this process sees them: `KB_SECRET_<NAME>` of its environment, else `.kb/secrets.enc`, whose key is
 * outside of the project. The file is looked at for each, so that a change counts at once.
 */
export function projectSecrets({ projectRoot, env, clock }: ProjectSecretsOptions): ProjectSecrets {
  const path = join(projectRoot, FILE);
  let known: { readonly as: string; readonly file: SealedValues } | undefined;
  const read = async (): Promise<SealedValues | undefined> => {
    const as = stampOf(path);
    if (as === undefined) return undefined;
    if (known?.as !== as) {
      const { readSecretFile } = await import('./secret-file.js');
      const file = readSecretFile(path);
      if (file === undefined) return undefined;
      known = { as, file };
    }
    return known.file;
  };
  const inEnvironment = (name: string): string | undefined => {
    const value = env[`${PREFIX}${name}`];
    return value === '' ? undefined : value;
  };
  const inFile = async (name: string): Promise<string | undefined> => {
    const file = await read();
    if (file === undefined) return undefined;
    const [{ openSecret }, { readSecretKey }] = await Promise.all([import('./secret-file.js'), import('./secret-key.js')]);
    return openSecret(file, { name, key: readSecretKey(env), path });
  };
  return {
    get: async (name) => {
      const value = inEnvironment(name) ?? (await inFile(name));
      const problem = value === undefined ? undefined : secretProblem(value);
      if (problem !== undefined) throw new AppError('SECRET_UNUSABLE', { name, problem });
      return value;
    },
    list: async () => {
      const ofEnv = Object.keys(env).flatMap((key): KeptSecret[] => {
        const name = key.slice(PREFIX.length);
        return key.startsWith(PREFIX) && SECRET_NAME.test(name) && inEnvironment(name) !== undefined ? [{ name, from: 'env', setAt: null }] : [];
      });
      const ofFile = Object.entries((await read())?.secrets ?? {}).map(([name, { setAt }]): KeptSecret => ({ name, from: 'file', setAt }));
      const hidden = new Set(ofEnv.map(({ name }) => name));
      return [...ofEnv, ...ofFile.filter(({ name }) => !hidden.has(name))].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    whereOf: (name) => `neither in ${PREFIX}${name} of the environment nor in ${FILE}`,
    set: async (name, value) => {
      if (!SECRET_NAME.test(name)) throw new AppError('SECRET_UNUSABLE', { name, problem: 'a name is letters, digits and "_", and does not start with "KB_"' });
      const problem = secretProblem(value);
      if (problem !== undefined) throw new AppError('SECRET_UNUSABLE', { name, problem });
      const [{ changeSecretFile }, { sealValue }, { makeSecretKey, readSecretKey }] = await Promise.all([import('./secret-file.js'), import('./sealed-values.js'), import('./secret-key.js')]);
      // A key that is made now would not open what is there.
      const { key, made } = (await read()) === undefined ? makeSecretKey(env) : { key: readSecretKey(env), made: undefined };
      if (key === undefined) throw new AppError('SECRETS_UNREADABLE', { problem: `there is no key for ${path}` });
      const sealed = sealValue(key, { name, value, setAt: clock.now() });
      await changeSecretFile(path, key, (secrets) => {
        secrets[name] = sealed;
      });
      return { hidden: inEnvironment(name) !== undefined, ...(made === undefined ? {} : { keyMade: made }) };
    },
    remove: async (name) => {
      const file = await read();
      if (file === undefined || !Object.hasOwn(file.secrets, name)) throw notFound(name, Object.keys(file?.secrets ?? {}));
      const [{ changeSecretFile }, { readSecretKey }] = await Promise.all([import('./secret-file.js'), import('./secret-key.js')]);
      const key = readSecretKey(env);
      if (key === undefined) throw new AppError('SECRETS_UNREADABLE', { problem: `there is no key for ${path}` });
      await changeSecretFile(path, key, (secrets) => {
        if (!Object.hasOwn(secrets, name)) throw notFound(name, Object.keys(secrets));
        delete secrets[name];
      });
    },
  };
}

function notFound(name: string, known: readonly string[]): AppError {
  const hint = suggestName(name, known);
  return new AppError('SECRET_NOT_FOUND', { name }, hint === undefined ? {} : { hint });
}

function stampOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? undefined : `${String(stat.dev)}:${String(stat.ino)}:${String(stat.mtimeNs)}:${String(stat.size)}`;
}
