import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { ConsumedArtifact, StepCall } from '@kb-labs/ports';
import { describe, expect, it } from 'vitest';

import { consumedArtifact, recordCall, scriptInput, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { placeConsumed } from './place-consumed.js';
import { runScript } from './run-script.js';

const missing = { code: 'ARTIFACT_MISSING' };

describe('what a job consumes', () => {
  it('is there as files, closed to others, before the script begins', async () => {
    const { outcome } = await run('cat report.md a/b/data.json empty; stat -c "%a %n" report.md a a/b a/b/data.json', [
      consumedArtifact('report.md', '# Report\n'),
      consumedArtifact('a/b/data.json', '{"n": 1}\n'),
      consumedArtifact('empty', ''),
    ]);
    expect(outcome).toMatchObject({ status: 'success', outputs: { stdout: '# Report\n{"n": 1}\n600 report.md\n700 a\n700 a/b\n600 a/b/data.json' } });
  });

  it('is there byte for byte when it is large', async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
    const artifact = consumedArtifact('large.bin', bytes, {}, 64 * 1024);
    const { outcome, artifacts } = await run('sha256sum large.bin', [artifact]);
    expect(outcome.outputs['stdout']).toBe(`${artifact.handle.digest.slice('sha256:'.length)}  large.bin`);
    expect(artifacts.size).toBe(0);
  });

  it('is not an artifact of the step that only reads it, or writes the same again', async () => {
    const { outcome, artifacts } = await run('cp a.txt copy; cat copy > a.txt; touch -d "1 hour" a.txt; echo new > n.txt; rm copy', [consumedArtifact('a.txt', 'text'), consumedArtifact('b/c.txt', 'other')]);
    expect(outcome).toMatchObject({ status: 'success' });
    expect([...artifacts]).toEqual([['n.txt', { type: 'text', text: 'new\n' }]]);
  });

  it('is one when its bytes are others now, shown as before', async () => {
    const { artifacts } = await run('printf TEXT > same-length; printf longer >> longer; touch -d "@0" same-length longer', [
      consumedArtifact('same-length', 'text', { type: 'issues', label: 'All of them' }),
      consumedArtifact('longer', 'text'),
      consumedArtifact('same', 'text'),
    ]);
    expect([...artifacts]).toEqual([
      ['longer', { type: 'file', text: 'textlonger' }],
      ['same-length', { type: 'issues', label: 'All of them', text: 'TEXT' }],
    ]);
  });

  it('does not count among the artifacts a step may store', async () => {
    const consumed = Array.from({ length: 10 }, (_, at) => consumedArtifact(`given-${String(at)}`, 'x'));
    const fill = `for i in $(seq ${String(LIMITS.artifactsPerStep)}); do : > $i; done`;
    const fits = await run(fill, consumed);
    expect([fits.outcome.status, fits.artifacts.size]).toEqual(['success', LIMITS.artifactsPerStep]);
    const over = await run(`${fill}; echo y > given-3`, consumed);
    expect(over.outcome).toMatchObject({ status: 'failed', error: { code: 'ARTIFACT_INVALID' } });
    expect(over.artifacts.size).toBe(0);
  });

  it('may be taken away, or turned into something else, by the script', async () => {
    const { outcome, artifacts, lines } = await run('rm a; rm b; ln -s /etc/passwd b; rm c; mkdir c; echo x > c/d', ['a', 'b', 'c'].map((name) => consumedArtifact(name, name)));
    expect(outcome).toMatchObject({ status: 'success' });
    expect([...artifacts.keys()]).toEqual(['c/d']);
    expect(lines.map(({ text }) => text)).toEqual(['not stored as an artifact, for it is not a file: b']);
  });

  it('fails the step when its bytes are gone, before the script begins', async () => {
    const gone: ConsumedArtifact = { ...consumedArtifact('a', 'x'), open: () => Promise.reject(new AppError('ARTIFACT_MISSING', { name: 'a', problem: 'its bytes are gone' })) };
    using folder = temporaryFolder();
    const { call } = recordCall({ workspace: folder.path, input: scriptInput('touch started'), consumed: [gone] });
    const outcome = await runScript(call, { hostEnv: { ...process.env, TMPDIR: folder.path }, logger: silentLogger });
    expect(outcome).toMatchObject({ status: 'failed', error: { ...missing, message: 'the artifact "a" is not there: its bytes are gone' }, retryable: false });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each([
    ['fewer', { bytes: 5 }],
    ['more', { bytes: 3 }],
  ])('fails the step when there are %s bytes than were stored', async (_, changes) => {
    const { outcome } = await run('true', [consumedArtifact('a', 'text', changes)]);
    expect(outcome).toMatchObject({ status: 'failed', error: missing });
  });

  it('is not waited for when the step is aborted', async () => {
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let at = 0; ; at += 1) {
        if (at === 3) stop.abort();
        yield await Promise.resolve(new Uint8Array(10));
      }
    }
    const artifact: ConsumedArtifact = { ...consumedArtifact('a', '', { bytes: LIMITS.artifactBytes }), open: () => Promise.resolve(endless()) };
    const { outcome } = await run('echo started', [artifact, consumedArtifact('b', 'x')], stop.signal);
    expect(outcome).toEqual({ status: 'aborted', outputs: {} });
  });
});

describe('a folder for what is consumed', () => {
  it.each(['../out', '/etc/out', 'a/../../out', 'a//b', 'a/./b', 'a/', '', '.', '..', '.hidden', 'a\0b', 'a\nb', 'ä', 'x'.repeat(300)])('is not left by the name %j', async (name) => {
    using folder = temporaryFolder();
    const artifacts = join(folder.path, 'artifacts');
    mkdirSync(artifacts);
    await expect(place(artifacts, [consumedArtifact(name, 'x')])).rejects.toMatchObject(missing);
    expect(readdirSync(folder.path)).toEqual(['artifacts']);
    expect(readdirSync(artifacts)).toEqual([]);
  });

  it.each(['file', 'link/file', 'deep/link/file', 'dangling'])('is not left by a link that was planted at or above %s', async (name) => {
    using folder = temporaryFolder();
    const outside = join(folder.path, 'outside');
    const artifacts = join(folder.path, 'artifacts');
    mkdirSync(outside);
    mkdirSync(join(artifacts, 'deep'), { recursive: true });
    writeFileSync(join(outside, 'file'), 'untouched');
    symlinkSync(join(outside, 'file'), join(artifacts, 'file'));
    symlinkSync(outside, join(artifacts, 'link'));
    symlinkSync(outside, join(artifacts, 'deep/link'));
    symlinkSync(join(outside, 'made'), join(artifacts, 'dangling'));
    await expect(place(artifacts, [consumedArtifact(name, 'x')])).rejects.toMatchObject(missing);
    expect(readdirSync(outside)).toEqual(['file']);
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('untouched');
  });

  it.skipIf(process.platform !== 'linux')('is not left when a folder on the way is exchanged for a link in the middle', async () => {
    using folder = temporaryFolder();
    const outside = join(folder.path, 'outside');
    const artifacts = join(folder.path, 'artifacts');
    mkdirSync(outside);
    mkdirSync(artifacts);
    const swap = { ...consumedArtifact('a/second', 'x'), open: () => exchange() };
    const exchange = (): ReturnType<ConsumedArtifact['open']> => {
      rmSync(join(artifacts, 'a'), { recursive: true });
      symlinkSync(outside, join(artifacts, 'a'));
      return consumedArtifact('a/second', 'x').open();
    };
    await expect(place(artifacts, [consumedArtifact('a/first', 'x'), swap])).rejects.toMatchObject(missing);
    expect(readdirSync(outside)).toEqual([]);
  });

  it('may itself be behind a link, as a temporary folder often is', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'real'));
    symlinkSync(join(folder.path, 'real'), join(folder.path, 'tmp'));
    await place(join(folder.path, 'tmp'), [consumedArtifact('a/b', 'text')]);
    expect(readFileSync(join(folder.path, 'real/a/b'), 'utf8')).toBe('text');
    expect(statSync(join(folder.path, 'real/a/b')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['the same name', ['a', 'a']],
    ['a name that is a folder of another', ['a/b', 'a']],
    ['a name below another', ['a', 'a/b']],
  ])('does not take two of %s', async (_, names) => {
    using folder = temporaryFolder();
    await expect(place(folder.path, names.map((name) => consumedArtifact(name, 'x')))).rejects.toMatchObject(missing);
  });
});

function place(folder: string, consumed: readonly ConsumedArtifact[]): Promise<void> {
  return placeConsumed(folder, { consumed, signal: new AbortController().signal });
}

async function run(script: string, consumed: readonly ConsumedArtifact[], signal?: AbortSignal) {
  using folder = temporaryFolder();
  const overrides: Partial<StepCall> = signal === undefined ? {} : { signal };
  const recorded = recordCall({ workspace: folder.path, input: scriptInput(`cd "$KB_ARTIFACTS"\n${script}`), consumed, ...overrides });
  return { ...recorded, outcome: await runScript(recorded.call, { hostEnv: process.env, logger: silentLogger }) };
}
