import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Shell } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';
import { whyNotInEnvironment } from './environment-value.js';
import { rewriteScript } from './rewrite-script.js';

interface Hostile {
  readonly id: string;
  readonly payload?: string;
  readonly generator?: { readonly repeat: string; readonly times: number };
}

/** What one shape of script prints for one value. */
interface Shape {
  readonly name: string;
  /** The script for one value; VALUE stands for its expression. */
  readonly each: string;
  readonly prints?: (value: string) => string;
  /** Leaves longer values out: the time a shell takes to match a pattern is quadratic. */
  readonly longest?: number;
}

const CORPUS = JSON.parse(readFileSync(new URL('../../../../tooling/fixtures/hostile/shell.json', import.meta.url), 'utf8')) as Hostile[];
const VALUES = CORPUS.map(({ payload, generator }) => payload ?? generator?.repeat.repeat(generator.times) ?? '');
const NUMBERED = VALUES.map((value, number) => ({ value, number, id: CORPUS[number]?.id ?? '' }));

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const EMIT = `emit() { if [ $# -ne 1 ]; then printf 'arguments: %s' "$#"; exit 9; fi; printf '%s' "$1"; }`;

const POSIX: readonly Shape[] = [
  { name: 'a bare word', each: 'emit VALUE' },
  { name: 'double quotes', each: 'emit "VALUE"' },
  { name: 'single quotes', each: "emit 'VALUE'" },
  { name: 'glued to text', each: `emit a"b"VALUE'c'd`, prints: (value) => `ab${value}cd` },
  { name: 'a here-document', each: "cat <<END\nx VALUE '\nEND", prints: (value) => `x ${value} '\n` },
  { name: 'an assignment', each: 'v=VALUE; emit "$v"' },
  { name: 'an exported assignment', each: 'export V=VALUE; emit "$V"' },
  { name: 'a command substitution', each: 'v=$(emit VALUE; echo x); emit "${v%x}"' },
  { name: 'nested quotes', each: `v="$(emit "$(emit "VALUE"; echo y)"; echo x)"; emit "\${v%yx}"` },
  { name: 'a comparison', each: `v=VALUE; if [ "$v" = VALUE ] && [ x"$v" != VALUE ]; then emit VALUE; fi` },
  { name: 'case', each: 'case some-other-text in VALUE) emit wrong;; esac; case VALUE in VALUE) emit "VALUE";; esac' },
  { name: 'printf', each: "printf '[%s]' VALUE", prints: (value) => `[${value}]` },
  { name: 'a default', each: 'emit "${nothing:-VALUE}"; emit ${nothing:-VALUE}; emit "${nothing-"VALUE"}"', prints: (value) => value.repeat(3) },
  { name: 'a default in a bare word with quotes', each: "emit ${nothing:-x'VALUE'y}", prints: (value) => `x${value}y` },
  { name: 'a pattern', each: 'v=VALUE; w="x$v"; emit "${w%VALUE}"; emit "${w#x}"; emit ${w%"VALUE"}', prints: (value) => `x${value}x`, longest: 1_000 },
  { name: 'a loop', each: 'for v in VALUE; do emit "$v"; done' },
  { name: 'a function', each: 'f() { emit "$1"; }; f VALUE' },
  { name: 'a comment', each: '# VALUE\nemit x # VALUE', prints: () => 'x' },
  { name: 'a line break inside the expression', each: 'emit \'BREAK\'; emit "BREAK"; emit BREAK # BREAK', prints: (value) => value.repeat(3) },
];

const BASH: readonly Shape[] = [
  ...POSIX,
  { name: '[[ ]]', each: 'v=VALUE; if [[ $v == VALUE && VALUE == "$v" && some-other-text != VALUE ]]; then emit VALUE; fi' },
  { name: 'a here-string', each: 'cat <<< VALUE', prints: (value) => `${value}\n` },
  { name: 'arrays', each: 'v=(VALUE "x VALUE"); declare -a w=(VALUE); emit "${v[0]}"; emit "${w[0]}"', prints: (value) => value + value },
  { name: 'process substitution', each: 'cat <(emit VALUE)' },
  { name: 'declarations', each: 'f() { local v=VALUE; declare w=VALUE; emit "$v$w"; }; f', prints: (value) => value + value },
];

const NODE: readonly Shape[] = [
  { name: 'code', each: 'emit(VALUE)' },
  { name: 'a template literal', each: 'emit(`a VALUE ${`b` + VALUE}`)', prints: (value) => `a ${value} b${value}` },
  { name: 'an object', each: '{ const { v } = { v: VALUE, w: [VALUE] }; emit(v) }' },
  { name: 'concatenation', each: `emit("'" + VALUE + '"')`, prints: (value) => `'${value}"` },
  { name: 'division and regular expressions', each: 'emit(4 / 2 + /[/"]/.source + VALUE)', prints: (value) => `2[/"]${value}` },
  { name: 'comments', each: '// VALUE\n/* VALUE */ emit(VALUE)' },
  { name: 'a comparison', each: 'if (VALUE === String(VALUE)) emit(VALUE)' },
  { name: 'a line break inside the expression', each: 'emit(BREAK + `BREAK`) // BREAK', prints: (value) => value + value },
];

const PYTHON: readonly Shape[] = [
  { name: 'code', each: 'emit(VALUE)' },
  { name: 'concatenation', each: `emit("'" + VALUE + '"')`, prints: (value) => `'${value}"` },
  { name: 'a dictionary', each: 'emit({"v": VALUE}["v"])' },
  { name: 'a condition', each: 'if VALUE == str(VALUE):\n    emit(VALUE)' },
  { name: 'a formatted string', each: 'v = VALUE\nemit(f"a{v}")', prints: (value) => `a${value}` },
  { name: 'comments', each: '# VALUE\nemit(VALUE) # VALUE' },
  { name: 'a list', each: 'emit([x for x in [VALUE]][0])' },
  { name: 'a line break inside the expression', each: 'emit(BREAK)' },
];

interface Runtime {
  readonly shell: Shell;
  readonly command: string;
  readonly before: string;
  /** Prints what stands between two values. */
  readonly mark: string;
  readonly shapes: readonly Shape[];
}

const RUNTIMES: readonly Runtime[] = [
  { shell: 'bash', command: 'bash', before: EMIT, mark: "printf '\\n<>\\n'", shapes: BASH },
  { shell: 'sh', command: 'sh', before: EMIT, mark: "printf '\\n<>\\n'", shapes: POSIX },
  {
    shell: 'node',
    command: process.execPath,
    before: 'let all = ""; const emit = (v) => { all += v }; process.on("exit", () => require("fs").writeSync(1, all));',
    mark: ';emit("\\n<>\\n")',
    shapes: NODE,
  },
  {
    shell: 'python',
    command: 'python3',
    before: 'import os, sys\ndef emit(v):\n    sys.stdout.buffer.write(os.fsencode(v))\n',
    mark: 'emit("\\n<>\\n")',
    shapes: PYTHON,
  },
];

function run(command: string, script: string, env: Record<string, string>): { output: Buffer; files: string[]; error: string } {
  const folder = mkdtempSync(join(tmpdir(), 'kb-script-'));
  folders.push(folder);
  const file = join(folder, '.script');
  writeFileSync(file, script);
  const { stdout, stderr } = spawnSync(command, [file], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return { output: stdout, files: readdirSync(folder).filter((name) => name !== '.script'), error: stderr.toString().slice(0, 500) };
}

function valuesOf({ longest = Infinity }: Shape): typeof NUMBERED {
  return NUMBERED.filter(({ value }) => value.length <= longest);
}

/** One script with the shape once for every value. */
function scriptOf(shape: Shape, { before, mark }: Runtime): string {
  const parts = valuesOf(shape).map(({ number }) => {
    const text = shape.each.replaceAll('VALUE', `\${{ inputs.v${number} }}`).replaceAll('BREAK', `\${{ inputs.v${number}\n}}`);
    return `${text}\n${mark}\n`;
  });
  return `${before}\n${parts.join('')}`;
}

function environment(bindings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(bindings).map(([name, source]) => [name, VALUES[Number(/^inputs\.v(\d+)$/.exec(source)?.[1])] ?? 'unbound']),
  );
}

/** Ids of the values that did not arrive as they are. */
function wrong(shape: Shape, output: Buffer): string[] {
  const found = output.toString('latin1').split('\n<>\n');
  return valuesOf(shape).flatMap(({ id, value }, i) => {
    const expected = Buffer.from(shape.prints?.(value) ?? value).toString('latin1');
    return found[i] === expected ? [] : [id];
  });
}

describe('hostile values in scripts', () => {
  it('are at least 320, all different, and can all travel in the environment', () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(320);
    expect(new Set(VALUES).size).toBe(CORPUS.length);
    expect(new Set(CORPUS.map(({ id }) => id)).size).toBe(CORPUS.length);
    expect(VALUES.map(whyNotInEnvironment).filter((why) => why !== undefined)).toEqual([]);
  });

  for (const runtime of RUNTIMES) {
    const missing = spawnSync(runtime.command, [runtime.shell === 'python' ? '-V' : '-c', '']).error !== undefined;
    for (const shape of runtime.shapes) {
      it(`${runtime.shell}: arrive byte-exact and run nothing in ${shape.name}`, (test) => {
        if (missing) return test.skip(`${runtime.command} is not installed`);
        const rewrite = rewriteScript(scriptOf(shape, runtime), runtime.shell);
        if (!rewrite.ok) throw new Error(rewrite.problems[0]?.message);
        const { output, files, error } = run(runtime.command, rewrite.script, environment(rewrite.bindings));
        expect({ wrong: wrong(shape, output), files, error }).toEqual({ wrong: [], files: [], error: '' });
      });
    }
  }

  it('would run if they were pasted: the same check sees canaries', () => {
    const canaries = VALUES.slice(0, 60).filter((value) => run('bash', `echo ${value}\n`, {}).files.includes('CANARY'));
    expect(canaries.length).toBeGreaterThan(20);
  });

  it('would be split and expanded without quotes: the same check sees other bytes', () => {
    const [bare] = POSIX;
    const [bash] = RUNTIMES;
    if (bare === undefined || bash === undefined) throw new Error('no shape');
    const rewrite = rewriteScript(scriptOf(bare, bash), 'bash');
    if (!rewrite.ok) throw new Error('refused');
    const unquoted = rewrite.script.replace(/"(\$KB_EXPR_\d+)"/g, '$1').replace('exit 9;', 'return;');
    expect(wrong(bare, run('bash', unquoted, environment(rewrite.bindings)).output).length).toBeGreaterThan(100);
  });
});

describe('places that are refused', () => {
  const X = { X: 'a[$(touch CANARY)]' };
  const dangerous: readonly [script: string, quoted: string][] = [
    ['echo $((VALUE))', 'echo $((X))'],
    ['[[ VALUE -eq 1 ]]', '[[ "$X" -eq 1 ]]'],
    ['[ -v VALUE ]', '[ -v "$X" ]'],
    ['[[ -v VALUE ]]', '[[ -v "$X" ]]'],
    ['printf -v VALUE x', 'printf -v "$X" x'],
    ['read VALUE', 'read "$X" <<< 1'],
    ['declare -i n=VALUE', 'declare -i n="$X"'],
    ['declare -i n; n=VALUE', 'declare -i n; n="$X"'],
    ['RANDOM=VALUE', 'RANDOM="$X"'],
    ['q[VALUE]=1', 'q["$X"]=1'],
    ['q=([VALUE]=1)', 'q=(["$X"]=1)'],
    ['z=1; echo "${z:VALUE}"', 'z=1; echo "${z:$X}"'],
    ['q=(1); echo "${q[VALUE]}"', 'q=(1); echo "${q[$X]}"'],
    ['let z=VALUE', 'let "z=$X"'],
    ['(( z = VALUE ))', '(( z = X ))'],
    ['PS4=VALUE; set -x; :', 'PS4="$X"; set -x; :'],
    ['compgen -W VALUE', 'compgen -W "$X"'],
    ['eval VALUE', 'eval "$X"'],
    ['bash -c "echo VALUE"', 'bash -c "echo $X"'],
    ['bash <<END\necho VALUE\nEND', 'bash <<END\necho $X\nEND'],
    ['echo "echo VALUE" | sh', 'echo "echo $X" | sh'],
    ['echo VALUE | xargs -I{} sh -c "echo {}"', `echo "$X" | xargs -I{} sh -c 'echo {}'`],
    ['trap VALUE EXIT', 'trap "$X" EXIT'],
    ['source <(echo echo VALUE)', 'source <(echo "echo $X")'],
  ];

  it.each(dangerous)('%s: a quoted reference would run the value', (script, quoted) => {
    expect(rewriteScript(script.replaceAll('VALUE', '${{ inputs.a }}'), 'bash').ok).toBe(false);
    expect(run('bash', `${quoted}\n`, X).files).toContain('CANARY');
  });

  it('do not include what bash reads as a number only', () => {
    for (const [script, quoted] of [
      ['[ VALUE -eq 1 ]', '[ "$X" -eq 1 ]'],
      ['test 1 -gt VALUE', 'test 1 -gt "$X"'],
      ['printf %d VALUE', 'printf %d "$X"'],
      ['q=(VALUE)', 'q=("$X")'],
    ] as const) {
      expect(rewriteScript(script.replaceAll('VALUE', '${{ inputs.a }}'), 'bash').ok).toBe(true);
      expect(run('bash', `${quoted}\n`, X).files).toEqual([]);
    }
  });
});
