import { spawn } from 'node:child_process';

import type { Host } from './terminal.js';

type Env = Host['env'];

/** Whether somebody sits at this terminal who can look at a page. */
export function mayOpenBrowser({ stdout, env }: Pick<Host, 'stdout' | 'env'>): boolean {
  return stdout.isTTY === true && (env['CI'] ?? '') === '' && (env['KB_NO_PROMPT'] ?? '') === '';
}

/** A program that goes on for so long has a page to show; one that cannot says so at once. */
const FAILS_WITHIN_MS = 1_000;

/** Shows an address in a browser, which goes on when this process ends. Answers whether a program for it could be started. */
export async function openBrowser(address: string, env: Env, platform: NodeJS.Platform = process.platform): Promise<boolean> {
  for (const [program = '', ...args] of browserCommands(address, env, platform)) {
    if (await starts(program, args, env)) return true;
  }
  return false;
}

/**
 * The commands to try, each as a list of words that no shell reads. `BROWSER` holds several with colons between them, as in
 * environ(7): `%s` in one stands for the address, which comes last without it. Else it is the opener of the system.
 */
export function browserCommands(address: string, env: Env, platform: NodeJS.Platform): string[][] {
  const chosen = (env['BROWSER'] ?? '').split(platform === 'win32' ? ';' : ':').flatMap((command) => {
    const words = command.trim().split(/\s+/);
    if (words[0] === '') return [];
    return [words.some((word) => word.includes('%s')) ? words.map((word) => word.replaceAll('%s', () => address)) : [...words, address]];
  });
  return chosen.length > 0 ? chosen : [[...opener(platform), address]];
}

function opener(platform: NodeJS.Platform): string[] {
  switch (platform) {
    case 'darwin':
      return ['open'];
    case 'win32':
      // What "start" does, without the shell that "start" is a part of.
      return ['rundll32', 'url.dll,FileProtocolHandler'];
    default:
      return ['xdg-open'];
  }
}

function starts(program: string, args: readonly string[], env: Env): Promise<boolean> {
  const child = spawn(program, args, { env, stdio: 'ignore', detached: true });
  child.unref();
  return new Promise((resolve) => {
    const late = setTimeout(resolve, FAILS_WITHIN_MS, true);
    const end = (started: boolean): void => {
      clearTimeout(late);
      resolve(started);
    };
    child.on('error', () => {
      end(false);
    });
    child.on('exit', (code) => {
      end(code === 0);
    });
  });
}
