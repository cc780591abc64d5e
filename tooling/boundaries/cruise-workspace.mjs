import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import { LAYERS } from './layers.mjs';
import { rulesFor } from './rules.mjs';
import { mayImport, readWorkspace } from './workspace.mjs';

/**
 * Cruises every source and holds the table against the workspace.
 *
 * @param {string} root
 * @returns {Promise<{ modules: number, problems: readonly string[] }>} `rule: from → to` per violation
 */
export async function cruiseWorkspace(root) {
  const members = readWorkspace(root);
  const folders = members.map(({ folder }) => join(folder, 'src')).filter((folder) => existsSync(join(root, folder)));
  const expected = folders.flatMap((folder) => sourcesIn(root, folder));
  const { output } = await cruise(
    folders,
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: rulesFor(members) },
      // Type-only imports are imports: they cost as much understanding.
      tsPreCompilationDeps: true,
      combinedDependencies: false,
      doNotFollow: { path: '(^|/)node_modules/' },
      exclude: { path: '/dist/' },
    },
    { exportsFields: ['exports'], conditionNames: ['@kb-labs/source', 'types', 'import', 'node', 'default'], mainFields: ['module', 'main', 'types'] },
  );
  if (typeof output === 'string') throw new Error('the cruise answered with text');

  const seen = new Set(output.modules.map(({ source }) => source));
  const unseen = expected.filter((source) => !seen.has(source));
  const violations = output.summary.violations.map(({ rule, from, to, cycle }) => {
    const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' → ');
    const comment = output.summary.ruleSetUsed?.forbidden?.find(({ name }) => name === rule.name)?.comment ?? '';
    return `${rule.name}: ${from} → ${path}\n    ${comment}`;
  });
  return {
    modules: expected.length - unseen.length,
    problems: [
      ...violations,
      ...tableProblems(members),
      // A compiler without a JS API makes a cruise over nothing, which finds nothing.
      ...unseen.map((source) => `cruise-complete: ${source} was not looked at`),
    ],
  };
}

/** @param {readonly import('./workspace.mjs').Member[]} members */
function tableProblems(members) {
  const byName = new Map(members.map((member) => [member.name, member]));
  return members.flatMap((member) => {
    if (LAYERS[member.row] === undefined) return [`row-missing: ${member.folder} has no row in tooling/boundaries/layers.mjs`];
    const outside = (/** @type {readonly string[]} */ names, /** @type {boolean} */ test) =>
      names.filter((name) => {
        const other = byName.get(name);
        return other !== undefined && !mayImport(member, other, { test });
      });
    return [
      ...outside(member.dependencies, false).map((name) => `dependency-outside-row: ${member.folder}/package.json depends on ${name}, which is not in its row`),
      ...outside(member.devDependencies, true).map((name) => `dependency-outside-row: ${member.folder}/package.json has the development dependency ${name}, which is not in its row`),
    ];
  });
}

/**
 * @param {string} root
 * @param {string} folder
 */
function sourcesIn(root, folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file));
}
