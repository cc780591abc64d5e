import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { Canary } from '../../packages/engine/src/secret-canary.fixture.js';

/**
 * A project whose steps put a secret, in every form, wherever a step can put something. Only the state is looked through: the forms
 * are in a file of the project, where the steps get them.
 */
export function leakyProject(canary: Canary, { declared }: { declared: boolean }): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'kb-leaky-')));
  const files: Record<string, string> = {
    '.kb/kb.config.yaml': 'plugins: [leaky]\nlog-level: debug\n',
    '.kb/workflows/leaks.yml': workflow(declared ? 'secrets: [CANARY]' : ''),
    '.kb/workflows/child.yml': `id: child\n${declared ? 'secrets: [CANARY]' : ''}\ninputs: { given: { type: json } }\noutputs: { given: "\${{ jobs.a.outputs.given }}" }\njobs:\n  a:\n    outputs: { given: "\${{ steps.e.outputs.given }}" }\n    steps: [{ id: e, uses: "@test/leaky/leak:echo", with: { given: "\${{ inputs.given }}" } }]\n`,
    'forms.json': JSON.stringify(Object.values(canary.forms).map((form) => form.toString('base64'))),
    'leaky/package.json': JSON.stringify({ name: '@test/leaky', version: '1.0.0', type: 'module', kb: { plugin: './kb.plugin.json' } }),
    'leaky/kb.plugin.json': JSON.stringify({ schema: 1, id: '@test/leaky', version: '1.0.0', commands: ['all', 'throw', 'echo'].map((name) => ({ id: `leak:${name}`, describe: name, input: { type: 'object' }, output: { type: 'object' }, permissions: { secrets: declared ? ['CANARY'] : [] }, handler: `./handlers.js#${name}` })) }),
    'leaky/handlers.js': HANDLERS,
    'leak.mjs': SCRIPT,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

/** How often each form is found in the bytes. */
export function count(canary: Canary, bytes: Buffer): Record<string, number> {
  return Object.fromEntries(Object.entries(canary.forms).flatMap(([name, form]) => {
    let found = 0;
    for (let at = bytes.indexOf(form); at >= 0; at = bytes.indexOf(form, at + 1)) found += 1;
    return found === 0 ? [] : [[name, found]];
  }));
}

/** Every file below a folder. */
export function bytesBelow(dir: string): Buffer {
  if (!existsSync(dir)) return Buffer.alloc(0);
  return Buffer.concat(readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name))));
}

export function remove(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

const workflow = (secrets: string): string => `id: leaks
${secrets}
permissions: { shell: true }
jobs:
  script:
    outputs: { again: "\${{ steps.leak.outputs.all }}" }
    steps:
      - { id: leak, run: node leak.mjs, continue-on-error: true, retry: { max: 1, initial: 0s }, outputs: { all: "\${{ result }}" }, artifacts: { file: { source: "file:made.bin" }, said: { source: outputs.all, label: said } } }
      - { id: plugin, uses: "@test/leaky/leak:all" }
      - { id: thrown, uses: "@test/leaky/leak:throw", continue-on-error: true }
      - { id: call, uses: "workflow://child", with: { given: "\${{ steps.plugin.outputs }}" } }
      - { id: gate, uses: "builtin:gate", with: { decision: "\${{ steps.plugin.outputs.first }}", routes: {}, default: continue } }
      - { id: skipped, if: "\${{ contains(steps.plugin.outputs.first, 'no such text') }}", uses: "@test/leaky/leak:echo" }
  approval:
    needs: script
    steps:
      - { id: ask, uses: "builtin:approval", with: { title: ship, context: { outputs: "\${{ needs.script.outputs }}" } } }
  signal:
    steps: [{ id: hear, uses: "builtin:wait", with: { signal: tell } }]
  callback:
    steps: [{ id: called, uses: "builtin:wait", with: { callback: true } }]
`;

const HANDLERS = `
import { readFileSync } from 'node:fs';
const forms = (ctx) => JSON.parse(readFileSync(ctx.workspace + '/forms.json', 'utf8')).map((text) => Buffer.from(text, 'base64'));
export async function all(_input, ctx) {
  const texts = forms(ctx).map((form) => form.toString());
  const cut = 'x'.repeat(65_500);
  for (const text of texts) { ctx.log.info('said ' + text); ctx.log.error(cut + text); ctx.progress(0.5, 'at ' + text); }
  for (const [at, form] of forms(ctx).entries()) {
    await ctx.artifacts.save({ name: 'plugin/' + at + '.bin', label: 'of ' + texts[at], content: form });
    await ctx.artifacts.save({ name: 'plugin/' + at + '.stream', content: (async function* () { for (const byte of Buffer.concat([Buffer.from('a'), form, Buffer.from('b')])) yield Uint8Array.of(byte); })() });
  }
  const own = await ctx.secrets.get('CANARY').catch((error) => error.code);
  return { first: texts[0], texts, ['key ' + texts[0]]: true, deep: [{ own }], large: texts.join(' ').repeat(1_500) };
}
export async function echo(input, ctx) { ctx.log.info(JSON.stringify(input)); return input; }
export async function throwing(_input, ctx) {
  const texts = forms(ctx).map((form) => form.toString());
  throw Object.assign(new Error('x'.repeat(16_000) + texts.join(' ') ), { hint: texts.join(' '), details: { texts } });
}
export { throwing as throw };
`;

const SCRIPT = `
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const forms = JSON.parse(readFileSync('forms.json', 'utf8')).map((text) => Buffer.from(text, 'base64'));
const write = (stream, bytes) => new Promise((done) => stream.write(bytes, () => done()));
for (const form of forms) {
  await write(process.stdout, Buffer.concat([Buffer.from('out '), form, Buffer.from('\\n')]));
  await write(process.stderr, Buffer.concat([Buffer.from('x'.repeat(65_500)), form, Buffer.from('\\n')]));
  for (let at = 0; at < form.length; at += 7) { await write(process.stdout, form.subarray(at, at + 7)); await new Promise((done) => setImmediate(done)); }
  await write(process.stdout, '\\n');
}
// The kept end of the output begins in the middle of a form.
await write(process.stdout, Buffer.concat(Array.from({ length: 4_000 }, (_, at) => forms[at % forms.length])));
mkdirSync(process.env.KB_ARTIFACTS + '/made', { recursive: true });
for (const [at, form] of forms.entries()) {
  writeFileSync(process.env.KB_ARTIFACTS + '/made/' + at + '.bin', Buffer.concat([Buffer.alloc(262_140), form, Buffer.alloc(9)]));
  const text = form.toString();
  if (!text.includes('\\n')) appendFileSync(process.env.KB_OUTPUT, JSON.stringify({ ['o' + at]: text, deep: { [at]: [text] } }) + '\\n');
}
writeFileSync('made.bin', Buffer.concat(forms));
if (process.env.KB_ATTEMPT === '1') process.exit(3);
`;
