import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PLAN_SCHEMA } from '@kb-labs/contracts';
import type { CheckedDocument } from '@kb-labs/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileCheckedDocuments } from './checked-documents.js';

const document: CheckedDocument = {
  id: 'w',
  manual: true,
  inputs: {},
  plan: { schema: PLAN_SCHEMA, workflow: { id: 'w', name: 'w', version: null, digest: 'd' }, inputs: {}, vars: {}, env: {}, outputs: {}, jobs: [] },
  commands: [],
  calls: [],
};
const source = { file: '.kb/workflows/w.yml', text: 'id: w\n' };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kb-checked-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('fileCheckedDocuments', () => {
  it('answers for the same text and the same build only', async () => {
    const documents = fileCheckedDocuments({ dir: join(dir, 'new'), build: '1' });
    expect(await documents.read(source)).toBeUndefined();
    await documents.write(source, document);
    expect(await documents.read(source)).toEqual(document);
    expect(await documents.read({ ...source, text: 'id: w \n' })).toBeUndefined();
    expect(await fileCheckedDocuments({ dir: join(dir, 'new'), build: '2' }).read(source)).toBeUndefined();
  });

  it('takes a damaged entry for none, and replaces it', async () => {
    const documents = fileCheckedDocuments({ dir, build: '1' });
    await documents.write(source, document);
    const [name = ''] = readdirSync(dir);
    writeFileSync(join(dir, name), '{"build":"1"');
    expect(await documents.read(source)).toBeUndefined();
    await documents.write(source, document);
    expect(await documents.read(source)).toEqual(document);
    expect(readdirSync(dir)).toEqual([name]);
  });

  it('does not mind a folder it cannot write to', async () => {
    writeFileSync(join(dir, 'file'), '');
    const documents = fileCheckedDocuments({ dir: join(dir, 'file'), build: '1' });
    await documents.write(source, document);
    expect(await documents.read(source)).toBeUndefined();
  });

  it('keeps documents apart whose names come out the same', async () => {
    const documents = fileCheckedDocuments({ dir, build: '1' });
    await documents.write({ file: 'a/b.yml', text: 'one' }, document);
    await documents.write({ file: 'a_b.yml', text: 'two' }, { ...document, id: 'other' });
    expect(await documents.read({ file: 'a/b.yml', text: 'one' })).toBeUndefined();
    expect((await documents.read({ file: 'a_b.yml', text: 'two' }))?.id).toBe('other');
  });

  it('reads and parses an entry once, and nobody can change what all are given', async () => {
    await fileCheckedDocuments({ dir, build: '1' }).write(source, document);
    const documents = fileCheckedDocuments({ dir, build: '1' });
    const first = await documents.read(source);
    rmSync(dir, { recursive: true });
    expect(await documents.read(source)).toBe(first);
    expect(await documents.read({ ...source, text: 'id: w \n' })).toBeUndefined();
    expect(() => Object.assign(first?.plan.workflow ?? {}, { id: 'other' })).toThrow(TypeError);
    expect(() => (first?.plan.jobs as unknown[]).push(1)).toThrow(TypeError);
  });

  it('answers what was written last for a text', async () => {
    const documents = fileCheckedDocuments({ dir, build: '1' });
    await documents.write(source, document);
    await documents.read(source);
    await documents.write(source, { ...document, manual: false });
    expect((await documents.read(source))?.manual).toBe(false);
  });

  it('keeps the documents in memory that were used last', async () => {
    const documents = fileCheckedDocuments({ dir, build: '1' });
    const large = (n: number) => ({ file: `${String(n)}.yml`, text: String(n).padStart(1_000_000) });
    for (const n of [1, 2, 3, 4, 5]) await documents.write(large(n), document);
    const [one, two] = [await documents.read(large(1)), await documents.read(large(2))];
    for (const n of [3, 4]) await documents.read(large(n));
    expect(await documents.read(large(1))).toBe(one);
    await documents.read(large(5));
    expect(await documents.read(large(1))).toBe(one);
    expect(await documents.read(large(2))).toEqual(two);
    expect(await documents.read(large(2))).not.toBe(two);
  });
});
