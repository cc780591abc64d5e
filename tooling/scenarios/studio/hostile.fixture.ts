import type { Payload } from './payloads.js';

/** Names can be any text without characters that terminals take for orders. */
const NAMEABLE = /^[^\p{Cc}\u2028\u2029]{1,200}$/u;

/** A project in which everything that can be named or said is a payload. */
export function hostileProject(payloads: readonly Payload[]): Record<string, string> {
  const names = payloads.map(({ payload }) => payload).filter((payload) => NAMEABLE.test(payload) && !payload.includes('${{'));
  const name = (index: number): string => names[index % names.length] ?? '';
  const all = payloads.map(({ payload }) => payload);
  return {
    'payloads.json': JSON.stringify(all),
    'show.mjs': SHOW,
    '.kb/workflows/hostile.json': JSON.stringify({
      id: 'hostile',
      name: name(0),
      description: name(1),
      permissions: { shell: true },
      inputs: { text: { type: 'string', description: name(2), default: name(3) }, level: { type: 'choice', description: name(4), options: [name(5), name(6)], default: name(5) } },
      phases: { first: { label: name(7) } },
      jobs: {
        show: {
          name: name(8),
          steps: [
            {
              id: 'show',
              name: name(9),
              phase: 'first',
              run: 'node show.mjs',
              artifacts: Object.fromEntries(['markdown', 'table', 'issues', 'diff', 'json', 'log', 'link'].map((type, index) => [`a-${type}`, { type, source: `outputs.${type}`, label: name(10 + index) }])),
            },
            // Never run, and named nevertheless.
            ...names.map((text, index) => ({ id: `named-${String(index)}`, name: text, if: false, run: 'true' })),
          ],
        },
        ask: {
          name: name(20),
          steps: [{ id: 'ask', uses: 'builtin:approval', name: name(21), with: { title: name(22), instructions: all.filter((text) => !text.includes('${{')).join('\n\n').slice(0, 8_000), context: { [name(23)]: name(24), list: names.slice(0, 40) }, form: { type: 'object', title: name(25), properties: { answer: { type: 'string', title: name(26), description: name(27), enum: names.slice(28, 34) } } } } }],
        },
        fail: { name: name(35), steps: [{ id: 'fail', name: name(36), run: `node -e 'process.stderr.write(JSON.parse(require("fs").readFileSync("payloads.json"))[40]); process.exit(3)'` }] },
      },
    }),
    'playbook.json': JSON.stringify({ playbook_id: 'hostile', version: '1.0.0', title: name(50), objective: name(51), description: name(52), preconditions: names.slice(0, 60), acceptance_criteria: names.slice(60, 120), roles: [{ role_id: 'r', purpose: name(53) }], phases: [{ phase_id: 'first', objective: name(54), acceptance_criteria: [name(55)] }], runtime_defaults: { workflow_id: 'hostile' }, metadata: { text: name(56) } }),
  };
}

/** Prints every payload, and makes outputs of them that become artifacts of every type. */
const SHOW = `
import { appendFileSync, readFileSync } from 'node:fs';
const all = JSON.parse(readFileSync('payloads.json', 'utf8'));
for (const text of all) console.log(text);
const issues = all.map((text, index) => ({ file: text.slice(0, 80), line: index + 1, severity: 'error', rule: text.slice(0, 40), message: text }));
const outputs = {
  markdown: all.join('\\n\\n'),
  table: JSON.stringify(all.map((text) => ({ [text.slice(0, 30)]: text, text }))),
  issues: JSON.stringify(issues),
  diff: all.map((text) => \`diff --git a/x b/x\\n--- a/\${text.split('\\n')[0]}\\n+++ b/\${text.split('\\n')[0]}\\n@@ -1 +1 @@\\n-\${text.split('\\n')[0]}\\n+\${text.split('\\n')[0]}\`).join('\\n'),
  json: JSON.stringify(Object.fromEntries(all.map((text, index) => [text + index, [text]]))),
  log: all.join('\\n'),
  link: all.find((text) => text.startsWith('javascript:')),
};
for (const [name, value] of Object.entries(outputs)) appendFileSync(process.env.KB_OUTPUT, \`\${name}<<KB_END_OF_IT\\n\${value}\\nKB_END_OF_IT\\n\`);
`;
