import { LIMITS } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { recordCall, scriptInput, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { runScript } from './run-script.js';

describe('what a script leaves in $KB_ARTIFACTS', () => {
  it('is stored under its path, with the type its name says', async () => {
    const { outcome, artifacts } = await run('echo "# Hi" > review.md; mkdir -p a/b; printf x > a/b/data.json; printf "" > empty; echo 1 > a/report.csv');
    expect(outcome).toMatchObject({ status: 'success' });
    expect([...artifacts]).toEqual([
      ['a/b/data.json', { type: 'json', text: 'x' }],
      ['a/report.csv', { type: 'table', text: '1\n' }],
      ['empty', { type: 'file', text: '' }],
      ['review.md', { type: 'markdown', text: '# Hi\n' }],
    ]);
  });

  it('is stored when the script fails, too', async () => {
    const { outcome, artifacts } = await run('echo because > why.txt; exit 1');
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'EXIT_CODE' } });
    expect([...artifacts.keys()]).toEqual(['why.txt']);
  });

  it('is stored byte for byte when it is large', async () => {
    const { artifacts } = await run('seq 300000 > numbers.txt');
    expect(artifacts.get('numbers.txt')?.text === Array.from({ length: 300_000 }, (_, at) => `${String(at + 1)}\n`).join('')).toBe(true);
  });

  it('is not followed out of the folder: links and special files are left out, and the log says so', async () => {
    const { outcome, artifacts, lines } = await run('ln -s /etc/passwd leak.txt; ln -s / root; mkfifo pipe; echo x > good.txt');
    expect(outcome).toMatchObject({ status: 'success' });
    expect([...artifacts.keys()]).toEqual(['good.txt']);
    expect(lines.map(({ text }) => text).sort()).toEqual(['leak.txt', 'pipe', 'root'].map((name) => `not stored as an artifact, for it is not a file: ${name}`));
    expect(lines.every(({ stream, level }) => stream === 'engine' && level === 'warn')).toBe(true);
  });

  it.each([
    ['a name with a space', 'touch "a b"'],
    ['a hidden name', 'touch .hidden'],
    ['a name that is not ASCII', 'touch ä'],
    ['a name that is not UTF-8', 'touch "$(printf "a\\377")"'],
    ['a name with a line break', 'touch "$(printf "a\\nb")"'],
    ['a long name', 'touch good; mkdir -p $(printf "%0.sd/" $(seq 30))$(printf "%0.se" $(seq 200)); touch $(printf "%0.sd/" $(seq 30))$(printf "%0.se" $(seq 200))/file'],
    ['one file too many', `for i in $(seq ${String(LIMITS.artifactsPerStep + 1)}); do touch $i; done`],
    ['folders that go on and on', 'mkdir -p $(printf "%0.sd/" $(seq 40))'],
    ['a file in place of the folder', 'cd /; rmdir "$KB_ARTIFACTS"; touch "$KB_ARTIFACTS"'],
  ])('is refused for %s, before anything is stored', async (_, script) => {
    const { outcome, artifacts } = await run(script);
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'ARTIFACT_INVALID' }, retryable: false });
    expect(artifacts.size).toBe(0);
  });

  it('may be as many files as a step can store', async () => {
    const { outcome, artifacts } = await run(`for i in $(seq ${String(LIMITS.artifactsPerStep)}); do : > $i; done`);
    expect(outcome).toMatchObject({ status: 'success' });
    expect(artifacts.size).toBe(LIMITS.artifactsPerStep);
  });

  it('may be nothing, when even the folder is gone', async () => {
    const { outcome, artifacts } = await run('cd /; rmdir "$KB_ARTIFACTS"');
    expect(outcome).toMatchObject({ status: 'success' });
    expect(artifacts.size).toBe(0);
  });

  it('fails the step when it cannot be stored', async () => {
    using folder = temporaryFolder();
    const { call } = recordCall({ workspace: folder.path, input: scriptInput('echo x > "$KB_ARTIFACTS/a"'), saveArtifact: () => Promise.reject(new Error('no space')) });
    const outcome = await runScript(call, { hostEnv: process.env, logger: silentLogger });
    expect(outcome).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('no space') } });
  });
});

async function run(script: string) {
  using folder = temporaryFolder();
  const recorded = recordCall({ workspace: folder.path, input: scriptInput(`cd "$KB_ARTIFACTS"\n${script}`) });
  return { ...recorded, outcome: await runScript(recorded.call, { hostEnv: process.env, logger: silentLogger }) };
}
