'use strict';
/**
 * What a package says of itself once it is packed: nothing that only works in this repository. The condition `@kb-labs/source`
 * leads to sources that are not packed, scripts to tools that are not, and nobody installs what a package is developed with.
 */
module.exports = {
  hooks: {
    beforePacking(/** @type {Record<string, unknown>} */ manifest) {
      const { scripts, devDependencies, ...rest } = manifest;
      return rest.exports === undefined ? rest : { ...rest, exports: withoutSources(rest.exports) };
    },
  },
};

/**
 * @param {unknown} target of `exports`
 * @returns {unknown}
 */
function withoutSources(target) {
  if (typeof target !== 'object' || target === null) return target;
  return Object.fromEntries(
    Object.entries(target)
      .filter(([key]) => key !== '@kb-labs/source')
      .map(([key, inner]) => [key, withoutSources(inner)]),
  );
}
