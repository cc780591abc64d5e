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
});
