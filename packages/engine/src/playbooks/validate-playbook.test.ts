import type { PluginHost, Secrets } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { type Harness, openHarness } from '../harness.fixture.js';
import { validatePlaybook } from './validate-playbook.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const WORKFLOWS = {
  'release.yml': `id: release
inputs:
  branch: { type: string, required: true }
  notes: { type: string }
  region: { type: string, default: eu }
permissions: { shell: true }
phases: { build: { label: Build } }
jobs:
  build:
    steps:
      - { id: compile, run: make, phase: build }
      - { id: ship, uses: "workflow://ship" }
`,
  'ship.yml': `id: ship
phases: { ship: { label: Ship } }
jobs:
  push:
    steps:
      - { id: tell, uses: "@acme/tell@^1/say:it", phase: ship }
      - { id: ask, uses: "builtin:approval", with: { title: Go? } }
`,
  'nightly.yml': 'id: nightly\non: { manual: false, schedule: [{ cron: "0 3 * * *" }] }\njobs: { a: { steps: [{ uses: t/do:it }] } }\n',
  'computed.yml': 'id: computed\npermissions: { shell: true }\ninputs: { image: { type: string, default: node } }\njobs: { a: { execution-target: { mode: container, image: "${{ inputs.image }}" }, steps: [{ id: it, run: make }] } }\n',
};
const BROKEN = { 'broken.yml': 'id: broken\njobs: { a: { steps: [{ uses: t/do:it, bad: 1 }] } }\n' };

async function validate(text: string, { workflows = WORKFLOWS, ...wrap }: { workflows?: Record<string, string>; secrets?: Secrets; plugins?: Partial<PluginHost> } = {}) {
  const harness = await openHarness({ workflows });
  open.push(harness);
  const deps = { ...harness.deps, plugins: { ...harness.deps.plugins, ...wrap.plugins }, ...(wrap.secrets === undefined ? {} : { secrets: wrap.secrets }) };
  return validatePlaybook(deps, { text: `playbook_id: p\nversion: "1"\ntitle: P\nobjective: to be checked\n${text}`, file: 'p.yml' });
}

const told = async (text: string, wrap?: Parameters<typeof validate>[1]) =>
  (await validate(text, wrap)).diagnostics.map(({ severity, code, line, column, message }) => `${severity} ${code} ${String(line)}:${String(column)} ${message.replace('the value is not accepted: ', '')}`);

describe('a manifest that is validated', () => {
  it('comes with its digest when there is nothing wrong with its text', async () => {
    const valid = await validate('inputs: [{ name: branch, required: true }]\nruntime_defaults: { workflow_id: release }\ntools: { enforce: true, allow: [shell, "@acme/*/say:*"] }\nphases: [{ phase_id: build, objective: o }, { phase_id: ship, objective: o }]\n');
    expect(valid).toMatchObject({ digest: expect.stringMatching(/^sha256:/) as string, manifest: { playbook_id: 'p' }, diagnostics: [] });
    expect(await validate('titel: x\n')).toMatchObject({ digest: null, manifest: null, diagnostics: [{ code: 'UNKNOWN_KEY', line: 5 }] });
    expect(await told('')).toEqual([]);
  });

  it('is told of a workflow that is not there, does not fit, or is not started by hand', async () => {
    const of = (id: string) => told(`runtime_defaults: { workflow_id: ${id} }\n`);
    expect(await of('relaese')).toEqual(['error WORKFLOW_NOT_FOUND 5:34 there is no workflow "relaese"']);
    expect((await validate('runtime_defaults: { workflow_id: broken }\n', { workflows: BROKEN })).diagnostics).toMatchObject([{ code: 'WORKFLOW_INVALID', line: 5, column: 34, hint: expect.stringMatching(/^broken\.yml:2:\d+: unknown key "bad"/) as string }]);
    expect(await of('nightly')).toEqual([expect.stringMatching(/^error WORKFLOW_NOT_MANUAL 5:34 /)]);
  });

  it('is told of inputs that do not meet those of the workflow', async () => {
    const inputs = (list: string) => told(`inputs: ${list}\nruntime_defaults: { workflow_id: release }\n`);
    expect(await inputs('[{ name: branch, required: true }, { name: bransh }, { name: force, required: true }]')).toEqual([
      'warning INVALID_VALUE 5:52 the workflow release takes no input "bransh", and refuses to be started with one',
      'error INVALID_VALUE 5:70 the workflow release takes no input "force", and refuses to be started with one',
    ]);
    expect(await inputs('[{ name: notes }]')).toEqual(['error INVALID_VALUE 5:9 the workflow release requires the input "branch", which the playbook does not name']);
    expect(await inputs('[{ name: branch }]')).toEqual(['warning INVALID_VALUE 5:18 the workflow release requires the input "branch", and the playbook does not']);
    expect(await told('runtime_defaults: { workflow_id: release }\n')).toEqual(['error INVALID_VALUE 5:34 the workflow release requires the input "branch", which the playbook does not name']);
  });

  it('is told of steps that its tool policy forbids, also in workflows that are called', async () => {
    const tools = (policy: string) => told(`inputs: [{ name: branch, required: true }]\nruntime_defaults: { workflow_id: release }\ntools: ${policy}\n`);
    expect(await tools('{ enforce: true, allow: [shell] }')).toEqual(['error INVALID_VALUE 7:32 the step tell of the job push of ship uses @acme/tell/say:it, which is not allowed: a flow that comes to it fails']);
    expect(await tools('{ enforce: true, deny: [shell] }')).toEqual(['error INVALID_VALUE 7:31 the step compile of the job build of release uses shell, which is denied: a flow that comes to it fails']);
    expect(await tools('{ allow: [shell], deny: ["*"] }')).toEqual([]);
  });

  it('is told of phases that nothing ends', async () => {
    const phases = '[{ phase_id: build, objective: o }, { phase_id: relax, objective: o }, { phase_id: look, objective: o, required_evidence: [{ kind: review }] }]';
    expect(await told(`inputs: [{ name: branch, required: true }]\nruntime_defaults: { workflow_id: release }\nphases: ${phases}\n`)).toEqual([
      'warning INVALID_VALUE 7:57 no step names the phase "relax", and it requires no evidence: it stays pending',
    ]);
  });

  it('is told of images that nothing can be pinned to', async () => {
    expect(await told('runtime_defaults: { workflow_id: computed }\n')).toEqual([expect.stringMatching(/^warning INVALID_VALUE 5:34 the image of the step it of computed is computed/)]);
  });

  it('is told of required secrets and plugins that are not here', async () => {
    const secrets: Secrets = { get: (name) => Promise.resolve(name === 'HERE' ? 'value' : undefined), list: () => Promise.resolve([]), whereOf: () => 'nowhere' };
    const plugins = { list: () => Promise.resolve([{ id: '@acme/here', version: '1.0.0', origin: 'project' as const, trusted: true, commands: [] }]) };
    const scopes = 'scopes:\n  required_credential_scope: ["secret:HERE", "secret:GONE"]\n  required_capability_scope: [permission:run, "plugin:@acme/here", "plugin:@acme/gone"]\n';
    expect(await told(scopes, { secrets, plugins })).toEqual([expect.stringMatching(/^warning SECRET_MISSING 6:46 /), expect.stringMatching(/^warning UNKNOWN_PLUGIN 7:68 /)]);
  });
});
