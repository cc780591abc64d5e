/** Scripts that would run on the machine of whoever installs a package. */
const AT_INSTALLATION = ['preinstall', 'install', 'postinstall', 'prepare'];
const SAID = ['description', 'license', 'keywords', 'type'];

/**
 * What a packed package.json says that is not so, or leaves out.
 *
 * @param {import('./check-tarballs.mjs').Packed} packed
 * @param {ReadonlyMap<string, string>} versions of the packages that are packed with it
 * @returns {string[]}
 */
export function checkManifest({ manifest, files }, versions) {
  const missing = SAID.filter((key) => manifest[key] === undefined || manifest[key].length === 0);
  const scripts = AT_INSTALLATION.filter((name) => manifest['scripts']?.[name] !== undefined);
  return [
    ...missing.map((key) => `package.json has no "${key}"`),
    ...(manifest['private'] === true ? ['it is private'] : []),
    ...(manifest['engines']?.node === undefined ? ['package.json does not say which Node it needs'] : []),
    ...scripts.map((name) => `the script "${name}" runs where the package is installed`),
    ...['README.md', 'LICENSE'].filter((file) => !files.includes(file)).map((file) => `${file} is not packed`),
    ...sourcesIn(manifest['exports']).map((path) => `exports lead to ${path}, which is a source`),
    ...['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) => wrongRanges(manifest[kind] ?? {}, versions).map((problem) => `${kind}: ${problem}`)),
  ];
}

/**
 * @param {Readonly<Record<string, string>>} dependencies
 * @param {ReadonlyMap<string, string>} versions
 */
function wrongRanges(dependencies, versions) {
  return Object.entries(dependencies).flatMap(([name, range]) => {
    if (/^(workspace|catalog|link|file|portal|patch|git\+|https?):/.test(range)) return [`${name} is "${range}", which means nothing elsewhere`];
    if (!name.startsWith('@kb-labs/')) return [];
    const version = versions.get(name);
    if (version === undefined) return [`${name} is not published`];
    return [version, `^${version}`, `~${version}`].includes(range) ? [] : [`${name} is "${range}", and ${version} is packed`];
  });
}

/**
 * @param {unknown} target of `exports`
 * @returns {string[]}
 */
function sourcesIn(target) {
  if (typeof target === 'string') return /(?<!\.d)\.[cm]?ts$/.test(target) ? [target] : [];
  return typeof target === 'object' && target !== null ? Object.values(target).flatMap(sourcesIn) : [];
}
