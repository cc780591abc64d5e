import { readFileSync } from 'node:fs';
import type { Shell } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rewriteScript } from './rewrite-script.js';

interface Golden {
  readonly script: string;
  readonly rewritten?: string;
  readonly bindings?: Record<string, string>;
  /** `says` is a part of the message. */
  readonly problems?: readonly { offset: number; says: string }[];
}

const SHELLS: readonly Shell[] = ['bash', 'sh', 'node', 'python'];

function golden(shell: Shell): Golden[] {
  const file = new URL(`../../../../tooling/fixtures/scripts/${shell}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Golden[];
}

describe('rewriteScript', () => {
  for (const shell of SHELLS) {
    it.each(golden(shell).map((row) => [JSON.stringify(row.script), row] as const))(`${shell}: %s`, (_, { script, rewritten, bindings, problems }) => {
      const result = rewriteScript(script, shell);
      if (result.ok) {
        expect(problems).toBeUndefined();
        expect(result).toEqual({ ok: true, script: rewritten, bindings });
        return;
      }
      expect(result.problems.map(({ offset }) => offset)).toEqual(problems?.map(({ offset }) => offset));
      result.problems.forEach(({ message, hint, offset }, i) => {
        expect(message).toContain(problems?.[i]?.says);
        expect(hint).not.toBe('');
        expect(script.slice(offset, offset + 3)).toBe('${{');
      });
    });
  }

  it('has at least 120 golden cases, a third of them refusals', () => {
    const all = SHELLS.flatMap(golden);
    expect(all.length).toBeGreaterThanOrEqual(120);
    expect(all.filter(({ problems }) => problems !== undefined).length).toBeGreaterThan(all.length / 3);
  });

  it('gives a script without expressions back as it is, followed or not', () => {
    for (const shell of SHELLS) {
      for (const script of ['', '\r\n', "echo 'open", '$(', '`', 'eval $x']) {
        expect(rewriteScript(script, shell)).toEqual({ ok: true, script, bindings: {} });
      }
    }
  });

  it('reports every expression the language cannot read, in place', () => {
    const result = rewriteScript('echo ${{ inputs. }}\necho ${{ }', 'bash');
    const lines = result.ok ? [] : result.problems.map(({ offset }) => (offset < 19 ? 1 : 2));
    expect(lines).toEqual([1, 2]);
  });

  it('never uses a name that the script mentions', () => {
    const result = rewriteScript('echo "$KB_EXPR_1" ${KB_EXPR_3} ${{ inputs.a }} ${{ inputs.b }}', 'bash');
    expect(result.ok && Object.keys(result.bindings)).toEqual(['KB_EXPR_2', 'KB_EXPR_4']);
  });

  it('gives one variable to the same source, whatever the white space around it', () => {
    const result = rewriteScript('echo ${{inputs.a}} "${{  inputs.a }}" ${{ inputs.A }}', 'sh');
    expect(result.ok && result.bindings).toEqual({ KB_EXPR_1: 'inputs.a', KB_EXPR_2: 'inputs.A' });
  });

  it('explains a refusal with the expression at hand, cut when it is long', () => {
    const long = `format('${'x'.repeat(200)}')`;
    const result = rewriteScript(`cat <<'EOF'\n\${{ inputs.a }} \${{ ${long} }}\nEOF\n`, 'bash');
    expect(result.ok ? [] : result.problems.map(({ hint }) => hint)).toEqual([
      expect.stringContaining('env: { VALUE: ${{ inputs.a }} }'),
      expect.stringMatching(/^.{0,260}$/),
    ]);
  });

  it('never throws, keeps the lines, and leaves no expression in, for any text', () => {
    const pieces = fc.constantFrom(
      ...['${{ inputs.a }}', '${{\ninputs.b }}', '"', "'", '`', '$(', ')', '${x:-', '}', '((', '))', '$((', '\\', '\n', ' ', ' ', 'echo', 'x=', 'a[', ']'],
      ...['<<EOF\n', '\nEOF\n', "<<'E'\n", '\nE\n', '#', ';', '|', '&&', 'if ', 'then ', 'fi', 'case x in ', 'esac', ';;', '[[ ', ' ]]', 'eval ', 'sh -c '],
      ...['//', '/*', '*/', '/', '${', '{', 'f(', '"""', "f'", ',', '=', 'eval(', 'xargs ', 'sudo ', '<(', '$', 'awk ', '--', '-e'],
    );
    const scripts = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(scripts, fc.constantFrom(...SHELLS), (script, shell) => {
        const result = rewriteScript(script, shell);
        if (!result.ok) {
          expect(result.problems.length).toBeGreaterThan(0);
          return;
        }
        expect(result.script.split('\n').length).toBe(script.split('\n').length);
        expect(result.script).not.toContain('${{');
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ...['$(', '"$(', '${x:-', '((', '$((', '{ ', '! ', 'if ', 'case x in a) ', 'f() ', '<(', 'eval(', 'run(shell=', '`${', 'sh ', 'sh -x ', 'find -exec ', 'a=(', "$'"],
  ])('ends on a script of 256 KiB that repeats %s', (piece) => {
    const script = `${piece.repeat(Math.floor((256 * 1024) / piece.length))}\${{ inputs.a }}`;
    for (const shell of SHELLS) expect(typeof rewriteScript(script, shell).ok).toBe('boolean');
  });
});
