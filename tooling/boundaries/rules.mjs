import { TEST_PACKAGES, VENDOR_HOMES } from './layers.mjs';
import { mayImport } from './workspace.mjs';

/** @typedef {import('dependency-cruiser').IForbiddenRuleType} Rule */
/** @typedef {import('./workspace.mjs').Member} Member */

const TEST = String.raw`\.test\.tsx?$`;
/** A test, or what only tests use. */
const FOR_TESTS = String.raw`(\.test|\.fixture)\.tsx?$`;
const OURS = '^(packages|plugins|apps)/';

/**
 * The rules of the cruise, made from the table and from what is there.
 *
 * @param {readonly Member[]} members
 * @returns {Rule[]}
 */
export function rulesFor(members) {
  return [
    ...members.flatMap((member) => directionRules(member, members)),
    ...members.flatMap(pureRules),
    ...Object.entries(VENDOR_HOMES).map(([vendor, homes]) => vendorRule(vendor, homes, members)),
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'A cycle, type-only imports included: these files cannot be understood, tested or moved one by one.',
      from: { path: OURS },
      to: { circular: true },
    },
    {
      name: 'front-door',
      severity: 'error',
      comment: 'Only src/index.ts and other files named in `exports` may be imported from outside the package.',
      from: { path: `${OURS}([^/]+)/` },
      to: { path: OURS, pathNot: ['^$1/$2/', '/node_modules/', ...members.flatMap(({ doors }) => doors.map((door) => `^${escape(door)}$`))] },
    },
    {
      name: 'by-name',
      severity: 'error',
      comment: 'Another package is imported by its name; a path only works in this repository.',
      from: { path: `${OURS}([^/]+)/` },
      to: { path: OURS, pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      comment: 'An import that resolves to nothing: undeclared in package.json, or a file that is not there.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-test-in-source',
      severity: 'error',
      comment: 'A source imports a test or what only tests use; it would be built and published.',
      from: { path: OURS, pathNot: FOR_TESTS },
      to: { path: FOR_TESTS },
    },
    {
      name: 'no-test-framework-in-source',
      severity: 'error',
      comment: 'A source imports a test framework.',
      from: { path: OURS, pathNot: [FOR_TESTS, ...pathsOf(members, TEST_PACKAGES)] },
      to: { path: '(^|/)node_modules/(vitest|@vitest|fast-check)/' },
    },
    {
      name: 'no-tooling-in-source',
      severity: 'error',
      comment: 'A source imports from tooling or examples, which are not published.',
      from: { path: `${OURS}[^/]+/src/`, pathNot: FOR_TESTS },
      to: { path: '^(tooling|examples)/' },
    },
  ];
}

/**
 * @param {Member} member
 * @param {readonly Member[]} members
 * @returns {Rule[]}
 */
function directionRules(member, members) {
  const forbidden = (/** @type {boolean} */ test) =>
    members.filter((other) => !mayImport(member, other, { test })).map(({ folder }) => `^${escape(folder)}/`);
  const may = member.layer?.mayImport.join(', ') || 'nothing of ours';
  const comment = `${member.name} may import ${may}.`;
  const path = `^${escape(member.folder)}/`;
  const name = `direction/${member.name}`;
  const [fromSource, fromTest] = [forbidden(false), forbidden(true)];
  return [
    // An empty list of paths would match everything.
    ...(fromSource.length === 0 ? [] : [rule(name, { comment, from: { path, pathNot: FOR_TESTS }, to: { path: fromSource } })]),
    ...(fromTest.length === 0 ? [] : [rule(name, { comment, from: { path: `${path}.*${FOR_TESTS}` }, to: { path: fromTest } })]),
  ];
}

/**
 * @param {Member} member
 * @returns {Rule[]}
 */
function pureRules({ name, folder, layer }) {
  if (layer?.pure !== true) return [];
  const allowed = (layer.core ?? []).map((module) => `^(node:)?${module}$`);
  return [
    {
      name: `pure/${name}`,
      severity: 'error',
      comment: `${name} decides without clock, environment or IO: no Node core module${layer.core === undefined ? '' : ` but ${layer.core.join(', ')}`}.`,
      from: { path: `^${escape(folder)}/`, pathNot: TEST },
      to: { dependencyTypes: ['core'], ...(allowed.length > 0 ? { pathNot: allowed } : {}) },
    },
  ];
}

/**
 * @param {string} vendor
 * @param {readonly string[]} homes
 * @param {readonly Member[]} members
 * @returns {Rule}
 */
function vendorRule(vendor, homes, members) {
  const core = vendor.startsWith('node:');
  const homePaths = pathsOf(members, homes);
  return {
    name: `vendor/${vendor.replace('node:', '')}`,
    severity: 'error',
    comment: `${vendor} is imported in ${homes.join(', ')} only.`,
    from: { path: OURS, ...(homePaths.length > 0 ? { pathNot: homePaths } : {}) },
    to: core ? { path: `^(node:)?${vendor.slice('node:'.length)}$` } : { path: `(^|/)node_modules/${vendor}/` },
  };
}

/**
 * @param {string} name
 * @param {Pick<import('dependency-cruiser').IRegularForbiddenRuleType, 'comment' | 'from' | 'to'>} parts
 * @returns {Rule}
 */
function rule(name, parts) {
  return { name, severity: 'error', ...parts };
}

/**
 * @param {readonly Member[]} members
 * @param {readonly string[]} names
 */
function pathsOf(members, names) {
  return members.filter(({ name }) => names.includes(name)).map(({ folder }) => `^${escape(folder)}/`);
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
