import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunView } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { Project, repository } from './project.fixture.js';

interface Hostile {
  readonly id: string;
  readonly payload: string;
}

const payloads = (JSON.parse(readFileSync(join(repository, 'tooling/fixtures/hostile/shell.json'), 'utf8')) as Hostile[]).slice(0, 100);

/** The value travels through the input, an output of another job, and scripts of every shell and quoting. */
const workflow = `
id: values
permissions: { shell: true }
inputs: { value: { type: string, required: true }, to: { type: string, required: true } }
env: { TO: "\${{ inputs.to }}" }
jobs:
  pass:
    outputs: { value: "\${{ steps.emit.outputs.value }}" }
    steps:
      - id: emit
        env: { VALUE: "\${{ inputs.value }}" }
        shell: node
        run: |
          require('fs').appendFileSync(process.env.KB_OUTPUT, JSON.stringify({ value: process.env.VALUE }) + '\\n')
  use:
    needs: pass
    steps:
      - shell: bash
        run: |
          printf %s \${{ needs.pass.outputs.value }} > "$TO/bare"
          printf %s "\${{ needs.pass.outputs.value }}" > "$TO/double"
          printf %s '\${{ needs.pass.outputs.value }}' > "$TO/single"
          copy=\${{ needs.pass.outputs.value }}
          printf %s "$copy" > "$TO/assigned"
          printf %s "$(printf %s "\${{ inputs.value }}"; printf x)" > "$TO/substituted"
      - shell: sh
        run: |
          printf %s \${{ inputs.value }} > "$TO/sh"
      - shell: node
        run: |
          require('fs').writeFileSync(process.env.TO + '/node', \${{ needs.pass.outputs.value }})
`;

const project = new Project({ '.kb/workflows/values.yml': workflow });
let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(project);
});
afterAll(async () => {
  await daemon.kill('SIGTERM');
  project.remove();
});

describe('a hostile value', () => {
  it('arrives in every script as it was given, and nothing of it is executed', async () => {
    const canary = join(project.dir, 'canary');
    const wrong: string[] = [];
    const check = async ({ id, payload }: Hostile): Promise<void> => {
      const value = payload.replaceAll('CANARY', canary);
      const to = join(project.dir, 'values', id);
      project.write(`values/${id}/.keep`, '');
      const ended = await daemon.request<RunView>('POST', '/api/v1/workflows/runs?wait=60', { workflowId: 'values', input: { value, to } });
      if (ended.status !== 'success') wrong.push(`${id}: ${JSON.stringify(ended)}`);
      const files = readdirSync(to).filter((name) => name !== '.keep');
      for (const name of ['assigned', 'bare', 'double', 'node', 'sh', 'single', 'substituted']) {
        const found = files.includes(name) ? readFileSync(join(to, name), 'utf8') : undefined;
        if (found !== (name === 'substituted' ? `${value}x` : value)) wrong.push(`${id}: ${name} holds ${JSON.stringify(found)} instead of ${JSON.stringify(value)}`);
      }
    };
    const left = [...payloads];
    await Promise.all(
      Array.from({ length: 3 }, async () => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) await check(next);
      }),
    );
    expect(wrong).toEqual([]);
    expect(existsSync(canary)).toBe(false);
    expect(payloads).toHaveLength(100);
  }, 180_000);

  it('would be executed if it were pasted into the script', async () => {
    const canary = join(project.dir, 'pasted');
    project.write('.kb/workflows/pasted.yml', `id: pasted\npermissions: { shell: true }\njobs: { a: { steps: [{ run: "echo $(touch ${canary})" }] } }\n`);
    expect((await project.kb('workflow:run', '--workflow-id=pasted')).code).toBe(0);
    expect(existsSync(canary)).toBe(true);
  });
});
