import type { Permissions } from '@kb-labs/contracts';
import type { Redactor, StepSecrets } from '@kb-labs/ports';
import { describe, expect, it } from 'vitest';

import { runScript } from '../script/run-script.js';
import { recordCall, scriptInput, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { createContext } from './create-context.js';
import { toGrant } from './grant.js';

function contextOf(declared: Permissions, secrets: StepSecrets | undefined, hostEnv: Readonly<Record<string, string>> = {}) {
  const { call } = recordCall({ workspace: '/', ...(secrets === undefined ? {} : { secrets }) });
  return createContext(call, { grant: toGrant(declared, {}), hostEnv, killGraceMs: 1 }).ctx;
}

const GIVEN: StepSecrets = { listed: ['TOKEN', 'OTHER', 'LATE'], values: { TOKEN: 'swordfish' } };

describe('ctx.secrets', () => {
  it('gives what the command declares and the document lists', async () => {
    expect(await contextOf({ secrets: ['TOKEN'] }, GIVEN).secrets.get('TOKEN')).toBe('swordfish');
  });

  it.each([
    ['the command does not declare', {}, GIVEN, 'TOKEN', 'the command does not declare it'],
    ['the document does not list', { secrets: ['ELSE'] }, GIVEN, 'ELSE', 'the "secrets" of the document do not list it for this step'],
    ['a document without secrets does not list', { secrets: ['TOKEN'] }, undefined, 'TOKEN', 'the "secrets" of the document do not list it for this step'],
    ['all objects have', { secrets: ['TOKEN'] }, GIVEN, 'constructor', 'the command does not declare it'],
  ])('denies what %s, naming the permission', async (_, declared: Permissions, given, name, hint) => {
    await expect(contextOf(declared, given).secrets.get(name)).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message: `denied: reading the secret ${name} needs the permission secrets: [${name}]`, hint });
  });

  it('says of one that was not there that it is missing', async () => {
    await expect(contextOf({ secrets: ['LATE'] }, GIVEN).secrets.get('LATE')).rejects.toMatchObject({ code: 'SECRET_MISSING' });
  });

  it('is the only way: variables of the engine that hold secrets cannot be granted', () => {
    const hostEnv = { KB_SECRET_TOKEN: 'swordfish', KB_SECRETS_KEY: 'key', PLAIN: 'yes' };
    expect(contextOf({ env: Object.keys(hostEnv) }, GIVEN, hostEnv).env).toEqual({ PLAIN: 'yes' });
  });
});

describe('a script', () => {
  it('sees no variable of the engine that holds a secret, however many there are', async () => {
    using folder = temporaryFolder();
    const planted = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`KB_SECRET_S${String(at)}`, `planted-${String(at)}`]));
    const { call, lines } = recordCall({ workspace: folder.path, input: scriptInput('env; cat /proc/$$/environ'), env: { OWN: 'given-value' }, secrets: GIVEN });
    const outcome = await runScript(call, { hostEnv: { PATH: process.env['PATH'], ...planted, KB_SECRETS_KEY: 'planted-key' }, logger: silentLogger });
    const all = JSON.stringify([outcome, lines]);
    expect([all.includes('given-value'), all.includes('planted'), all.includes('swordfish')]).toEqual([true, false, false]);
  });

  it('is cut only after its secrets were taken out, wherever its output was split', async () => {
    using folder = temporaryFolder();
    const script = `node -e 'const w = (s) => process.stdout.write(s); w("x".repeat(65500) + "swordfish" + "y".repeat(100) + "\\n"); w("sword"); setTimeout(() => w("fish\\n" + "swordfish".repeat(60000)), 50)'`;
    const { call, lines } = recordCall({ workspace: folder.path, input: scriptInput(script), redactor: plainRedactor('swordfish') });
    const outcome = await runScript(call, { hostEnv: process.env, logger: silentLogger });
    expect(outcome.status).toBe('success');
    const all = [...lines.map(({ text }) => text), String(outcome.outputs['stdout'])];
    expect(lines.length).toBe(3);
    expect(all.filter((text) => /sword|wordf|ordfi|fish/.test(text))).toEqual([]);
    expect(lines[1]?.text).toBe('***');
  });
});

/** Slow and plain: it holds everything back until the end of a line that has no more of it. */
function plainRedactor(secret: string): Redactor {
  const text = (given: string): string => given.replaceAll(secret, '***');
  return {
    text,
    bytes: () => {
      let held = '';
      const handOn = (until: number): Uint8Array => {
        const part = Buffer.from(text(held.slice(0, until)));
        held = held.slice(until);
        return part;
      };
      return {
        push: (chunk) => {
          held += Buffer.from(chunk).toString();
          return handOn(held.lastIndexOf('\n') + 1);
        },
        end: () => handOn(held.length),
      };
    },
  };
}
