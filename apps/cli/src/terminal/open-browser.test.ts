import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { browserCommands, mayOpenBrowser, openBrowser } from './open-browser.js';

const ADDRESS = 'http://127.0.0.1:4000/studio/enter?code=a-b_c';

describe('the commands that are tried', () => {
  it('are the opener of the system', () => {
    expect(browserCommands(ADDRESS, {}, 'linux')).toEqual([['xdg-open', ADDRESS]]);
    expect(browserCommands(ADDRESS, { BROWSER: '' }, 'darwin')).toEqual([['open', ADDRESS]]);
    expect(browserCommands(ADDRESS, {}, 'win32')).toEqual([['rundll32', 'url.dll,FileProtocolHandler', ADDRESS]]);
  });

  it('are those of BROWSER where it is set', () => {
    expect(browserCommands(ADDRESS, { BROWSER: 'firefox --new-window: w3m -o x=%s %s ::' }, 'linux')).toEqual([
      ['firefox', '--new-window', ADDRESS],
      ['w3m', '-o', `x=${ADDRESS}`, ADDRESS],
    ]);
    expect(browserCommands(ADDRESS, { BROWSER: 'C:\\browser.exe;other' }, 'win32')).toEqual([['C:\\browser.exe', ADDRESS], ['other', ADDRESS]]);
  });

  it('take an address as it is', () => {
    const address = 'http://127.0.0.1/$&;$(touch x)';
    expect(browserCommands(address, { BROWSER: 'b %s' }, 'linux')).toEqual([['b', address]]);
  });
});

describe('a browser', () => {
  const tty = { stdout: { isTTY: true } } as unknown as Parameters<typeof mayOpenBrowser>[0];

  it('is for people at a terminal', () => {
    expect(mayOpenBrowser({ ...tty, env: {} })).toBe(true);
    expect(mayOpenBrowser({ ...tty, env: { CI: '', KB_NO_PROMPT: '' } })).toBe(true);
    expect(mayOpenBrowser({ ...tty, env: { CI: '1' } })).toBe(false);
    expect(mayOpenBrowser({ ...tty, env: { KB_NO_PROMPT: '1' } })).toBe(false);
    expect(mayOpenBrowser({ stdout: {} as typeof tty.stdout, env: {} })).toBe(false);
  });

  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kb-browser-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  function script(name: string, text: string): string {
    const path = join(dir, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o700);
    return path;
  }

  it('gets the address as a word that no shell reads', async () => {
    const browser = script('browser', `printf '%s\\n' "$@" > ${join(dir, 'got')}`);
    const address = `${ADDRESS};touch ${join(dir, 'run')}`;
    expect(await openBrowser(address, { ...process.env, BROWSER: `${browser} -n` }, 'linux')).toBe(true);
    expect(readFileSync(join(dir, 'got'), 'utf8')).toBe(`-n\n${address}\n`);
    expect(existsSync(join(dir, 'run'))).toBe(false);
  });

  it('is the next one where one is missing or fails, and none is no error', async () => {
    const fails = script('fails', 'exit 3');
    const works = script('works', `touch ${join(dir, 'shown')}`);
    expect(await openBrowser(ADDRESS, { ...process.env, BROWSER: `${join(dir, 'missing')}:${fails}` }, 'linux')).toBe(false);
    expect(await openBrowser(ADDRESS, { ...process.env, BROWSER: `${join(dir, 'missing')}:${fails}:${works}` }, 'linux')).toBe(true);
    expect(existsSync(join(dir, 'shown'))).toBe(true);
    expect(await openBrowser(ADDRESS, { PATH: dir }, 'linux')).toBe(false);
  });
});
