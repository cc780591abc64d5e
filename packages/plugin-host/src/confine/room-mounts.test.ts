import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import type { Room } from './confinement.js';
import { planMounts } from './room-mounts.js';

/** A project with a repository, workflows and state; the paths of mounts without the folder it is in. */
function project(): { path: string; at: (...names: string[]) => string; plan: (room: Partial<Room>, hidden?: readonly string[]) => Promise<string[]>; [Symbol.dispose]: () => void } {
  const folder = temporaryFolder();
  const at = (...names: string[]): string => join(folder.path, ...names);
  for (const name of ['ws/.git/hooks', 'ws/.kb/state', 'ws/plugins/own', 'plugin', 'step']) mkdirSync(at(name), { recursive: true });
  const room: Room = { workspace: at('ws'), workspaceAccess: 'write', readable: [], writable: [], network: false, limits: {}, labels: {} };
  const plan = async (changes: Partial<Room>, hidden: readonly string[] = []): Promise<string[]> => {
    const mounts = await planMounts({ ...room, ...changes }, hidden, 'a sandbox');
    return mounts.map(({ kind, path, source }) => `${kind} ${path.slice(folder.path.length)}${path === source ? '' : ` of ${source.slice(folder.path.length)}`}`);
  };
  return { path: folder.path, at, plan, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

describe('planMounts', () => {
  it('protects what the engine and git act on, and hides the state', async () => {
    using it = project();
    expect(await it.plan({})).toEqual(['write /ws', 'read /ws/.git', 'read /ws/.kb', 'empty /ws/.kb/state']);
    expect(await it.plan({ workspaceAccess: 'read' })).toEqual(['read /ws', 'empty /ws/.kb/state']);
    expect(await it.plan({ workspaceAccess: 'none' })).toEqual([]);
  });

  it('hides the state from whatever mount would show it', async () => {
    using it = project();
    expect(await it.plan({ workspaceAccess: 'none', readable: [it.path] })).toEqual(['read ', 'empty /ws/.kb/state']);
    mkdirSync(it.at('elsewhere/state'), { recursive: true });
    expect(await it.plan({ workspaceAccess: 'none', readable: [it.at('elsewhere')] }, [it.at('elsewhere/state')])).toEqual(['read /elsewhere', 'empty /elsewhere/state']);
    expect(await it.plan({ workspaceAccess: 'none' }, [it.at('elsewhere/state'), it.at('not-there')])).toEqual([]);
  });

  it('shows a step folder and a plugin inside of what is hidden', async () => {
    using it = project();
    mkdirSync(it.at('ws/.kb/state/step'));
    mkdirSync(it.at('ws/.kb/state/plugin'));
    expect(await it.plan({ readable: [it.at('ws/.kb/state/plugin')], writable: [it.at('ws/.kb/state/step')] })).toEqual([
      'write /ws',
      'read /ws/.git',
      'read /ws/.kb',
      'empty /ws/.kb/state',
      'write /ws/.kb/state/step',
      'read /ws/.kb/state/plugin',
    ]);
  });

  it('mounts nothing twice, and takes no writing away by what is to be read', async () => {
    using it = project();
    const readable = [it.at('plugin'), it.at('ws/plugins/own'), it.at('ws'), it.at('not-there'), it.at('plugin')];
    expect(await it.plan({ readable, writable: [it.at('step')] })).toEqual(['write /step', 'write /ws', 'read /plugin', 'read /ws/.git', 'read /ws/.kb', 'empty /ws/.kb/state']);
  });

  it('follows links to where things are, and protects what they lead to', async () => {
    using it = project();
    symlinkSync('ws', it.at('link'));
    symlinkSync('plugin', it.at('plugin-link'));
    expect(await it.plan({ workspace: it.at('link'), workspaceAccess: 'write', readable: [it.at('plugin-link')] })).toEqual([
      'write /link of /ws',
      'write /ws',
      'read /plugin-link of /plugin',
      'read /plugin',
      'read /link/.git of /ws/.git',
      'read /link/.kb of /ws/.kb',
      'read /ws/.git',
      'read /ws/.kb',
      'empty /link/.kb/state',
      'empty /ws/.kb/state',
    ]);
    mkdirSync(it.at('other/real-git'), { recursive: true });
    mkdirSync(it.at('outside-kb'));
    symlinkSync('real-git', it.at('other/.git'));
    symlinkSync('../outside-kb', it.at('other/.kb'));
    expect(await it.plan({ workspace: it.at('other') })).toEqual(['write /other', 'read /other/real-git']);
    mkdirSync(it.at('worktree'));
    writeFileSync(it.at('worktree/.git'), 'gitdir: /elsewhere');
    expect(await it.plan({ workspace: it.at('worktree') })).toEqual(['write /worktree', 'read /worktree/.git']);
  });

  it('refuses paths that cannot be shown as they are', async () => {
    using it = project();
    for (const path of ['/', 'relative', '/a/../b', '/a/', '/a//b', '', '/a\nb', '/a\0b', it.at('not-there')]) {
      await expect(it.plan({ workspace: path }), path).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
      await expect(it.plan({ writable: [path] }), path).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
    }
    await expect(it.plan({ readable: ['/'] })).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
  });
});
