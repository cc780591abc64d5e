'use strict';
/**
 * The last step of the build: does with each program what is done with it most, so that Node compiles what that calls, and keeps what it
 * compiled beside the program. A Node of another version starts without it.
 */
const { spawn, spawnSync } = require('node:child_process');
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const KB = join(__dirname, 'kb.js');
const RUN = ['workflow:run', '--workflow-id=one'];
const WORKFLOW = 'id: one\npermissions: { shell: true }\ninputs: { a: { type: string, default: b } }\njobs: { only: { steps: [{ run: "echo ${{ inputs.a }}" }] } }\n';

const project = mkdtempSync(join(tmpdir(), 'kb-compile-'));
mkdirSync(join(project, '.kb/workflows'), { recursive: true });
writeFileSync(join(project, '.kb/workflows/one.yml'), WORKFLOW);
void compileAll().finally(() => rmSync(project, { recursive: true, force: true }));

async function compileAll() {
  // The first run checks the document, by the program that is apart; the second is like every one after it.
  compile('main,apart', RUN);
  compile('main', RUN);
  compile('coordination', ['sessions:list']);
  await compileDaemon();
}

function compile(programs, args) {
  const { status, stderr } = spawnSync(process.execPath, [KB, ...args], { cwd: project, env: compiling(programs), encoding: 'utf8' });
  if (status !== 0) throw new Error(`the program does not run: ${stderr}`);
}

/** What tells the entry script to keep what these programs, separated by commas, have compiled when they end. */
function compiling(programs) {
  return { ...process.env, KB_COMPILE: programs };
}

/** It carries out a run, and ends when it is told to. */
async function compileDaemon() {
  const daemon = spawn(process.execPath, [KB, 'daemon:start', '--port=0'], { cwd: project, env: compiling('daemon'), stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => daemon.once('close', resolve));
  // Its first line says that it works.
  await Promise.race([new Promise((resolve) => daemon.stdout.once('data', resolve)), ended]);
  const { status, stderr } = spawnSync(process.execPath, [KB, ...RUN], { cwd: project, encoding: 'utf8' });
  daemon.kill('SIGTERM');
  const code = await ended;
  if (status !== 0 || code !== 0) throw new Error(`the daemon does not run: it ended with ${code}, and a run with ${status}: ${stderr}`);
}
