import type { JsonObject, PluginCommand } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { type Harness, openHarness } from '../harness.fixture.js';
import { createPlaybook } from './create-playbook.js';
import { diffPlaybooks } from './diff-playbooks.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const WORKFLOWS = {
  'one.yml': 'id: one\njobs: { a: { steps: [{ id: it, uses: t/do:it }] } }\n',
  'two.yml': 'id: two\nsecrets: [TOKEN]\njobs: { a: { execution-target: { mode: container, image: "node:24" }, steps: [{ id: it, uses: t/do:it, secrets: [TOKEN] }, { id: call, uses: "workflow://three" }] } }\n',
  'three.yml': 'id: three\njobs: { a: { steps: [{ id: more, uses: u/do:more }] } }\n',
};
const IMAGE = { reference: 'node:24', digest: `sha256:${'a'.repeat(64)}` };

async function kept(...manifests: JsonObject[]) {
  const harness = await openHarness({
    workflows: WORKFLOWS,
    wrap: (deps) => ({
      ...deps,
      plugins: {
        ...deps.plugins,
        resolve: ({ package: id, command }, options) => {
          const found: PluginCommand = { id: command, describe: '', input: {}, output: {}, permissions: { network: [`${command.slice(3)}.example`] }, handler: './x.js#x' };
          return Promise.resolve({ ok: true, plugin: { id, version: '1.0.0', origin: 'project', trusted: true, commands: [found], ...(options?.sealed === true ? { integrity: `sha256-${id}` } : {}) }, command: found });
        },
        place: ({ target }) => Promise.resolve({ ok: true, isolation: 'in-process', ...(target?.mode === 'container' ? { image: IMAGE } : {}) }),
      },
    }),
  });
  open.push(harness);
  for (const [index, manifest] of manifests.entries()) {
    await createPlaybook(harness.deps, { manifest: { playbook_id: 'p', version: String(index + 1), title: 'P', objective: 'to differ', ...manifest }, tenant: 'default', by: 'ada' });
  }
  return (from: string, to: string) => diffPlaybooks(harness.deps, { from: { id: 'p', version: from }, to: { id: 'p', version: to }, tenant: 'default' });
}

const digest = expect.stringMatching(/^sha256:[a-f0-9]{64}$/) as string;

describe('the difference of two versions', () => {
  it('is in what they say and in what they would run', async () => {
    const diff = await kept({ runtime_defaults: { workflow_id: 'one' } }, { runtime_defaults: { workflow_id: 'two' }, title: 'Q' });
    expect(await diff('1', '2')).toEqual({
      from: { playbook_id: 'p', version: '1', digest },
      to: { playbook_id: 'p', version: '2', digest },
      manifest: [
        { path: 'version', change: 'changed', from: '1', to: '2' },
        { path: 'title', change: 'changed', from: 'P', to: 'Q' },
        { path: 'runtime_defaults.workflow_id', change: 'changed', from: 'one', to: 'two' },
      ],
      reach: [
        { path: 'workflows.one', change: 'removed', from: digest, to: null },
        { path: 'workflows.two', change: 'added', from: null, to: digest },
        { path: 'workflows.three', change: 'added', from: null, to: digest },
        { path: 'plugins.u', change: 'added', from: null, to: { version: '1.0.0', integrity: 'sha256-u' } },
        { path: 'permissions["u/do:more"]', change: 'added', from: null, to: { network: ['more.example'] } },
        { path: 'network["more.example"]', change: 'added', from: null, to: 'more.example' },
        { path: 'secrets["TOKEN"]', change: 'added', from: null, to: 'TOKEN' },
        { path: 'images["node:24"]', change: 'added', from: null, to: IMAGE.digest },
      ],
      problems: [],
    });
    expect(await diff('1', '1')).toMatchObject({ manifest: [], reach: [], problems: [] });
  });

  it('says what it cannot tell', async () => {
    const diff = await kept({ runtime_defaults: { workflow_id: 'one' } }, { runtime_defaults: { workflow_id: 'gone' } }, {});
    expect(await diff('1', '2')).toMatchObject({ reach: [], problems: [{ version: '2', code: 'WORKFLOW_NOT_FOUND' }] });
    expect((await diff('3', '1')).reach.map(({ path }) => path)).toEqual(['workflows', 'plugins', 'permissions', 'network', 'secrets', 'images']);
    await expect(diff('1', '4')).rejects.toMatchObject({ code: 'PLAYBOOK_NOT_FOUND' });
  });
});
