/**
 * A rule that refuses what a selector of the syntax tree finds.
 *
 * @param {string} selector
 * @param {string} message
 */
function refuse(selector, message) {
  /** @param {{ report(found: { node: unknown, message: string }): void }} context */
  const create = (context) => ({ [selector]: (/** @type {unknown} */ node) => context.report({ node, message }) });
  return { create };
}

/** What the linter has no rules for, as a plugin of it. */
export default {
  meta: { name: 'own' },
  rules: {
    'no-export-all': refuse('ExportAllDeclaration', 'Name what is exported: `export *` hides what a package offers.'),
    'no-enum': refuse('TSEnumDeclaration', 'Use a union of literals; an enum is a value the compiler makes up.'),
    'no-default-export': refuse("ExportDefaultDeclaration, ExportSpecifier[exported.name='default']", 'Export by name: a default export gets another name in every file.'),
    'no-current-date': refuse("NewExpression[callee.name='Date'][arguments.length=0], CallExpression[callee.name='Date']", 'A pure package decides from its arguments alone: pass the time in.'),
  },
};
