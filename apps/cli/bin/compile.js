'use strict';
/**
 * The last step of the build: runs a workflow of one step, so that Node compiles what a short run calls, and keeps what it
 * compiled beside the program. A Node of another version starts without it.
 */
const { spawnSync } = require('node:child_process');
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const project = mkdtempSync(join(tmpdir(), 'kb-compile-'));
try {
  mkdirSync(join(project, '.kb/workflows'), { recursive: true });
  const text = 'id: one\npermissions: { shell: true }\ninputs: { a: { type: string, default: b } }\njobs: { only: { steps: [{ run: "echo ${{ inputs.a }}" }] } }\n';
  writeFileSync(join(project, '.kb/workflows/one.yml'), text);
  // The first run checks the document; the second is like every one after it.
  for (const env of [{}, { KB_COMPILE_TO: join(__dirname, '../dist/main.cache') }]) {
    const { status, stderr } = spawnSync(process.execPath, [join(__dirname, 'kb.js'), 'workflow:run', '--workflow-id=one'], {
      cwd: project,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the program does not run: ${stderr}`);
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}
