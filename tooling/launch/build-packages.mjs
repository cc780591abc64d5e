import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from './run-command.mjs';
import { workspaceFolders } from './workspace-folders.mjs';

/**
 * Builds what runs from `dist`: the CLI, the plugins, and the packages these
 * import at run time. What they bundle needs no build of its own.
 *
 * @param {import('./ensure-built.mjs').Setup} setup
 * @param {{ packageManager: import('./find-package-manager.mjs').PackageManager, node: string }} tools
 */
export async function buildPackages({ root, log, progress }, { packageManager, node }) {
  const names = packagesToBuild(root);
  if (names.length === 0) return;
  const env = { ...process.env, PATH: [dirname(node), packageManager.folder, process.env['PATH']].filter(Boolean).join(delimiter) };
  const filters = names.map((name) => `--filter=${name}`);
  await progress.step(`building ${String(names.length)} packages`, () =>
    runCommand([node, join(root, 'node_modules/turbo/bin/turbo'), 'run', 'build', '--ui=stream', '--output-logs=errors-only', ...filters], { cwd: root, log, env }),
  );
}

/** @param {string} root */
function packagesToBuild(root) {
  const manifests = new Map(
    workspaceFolders(root).map((folder) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      return [String(manifest.name), { folder, manifest }];
    }),
  );
  const needed = new Set([...manifests].filter(([, { folder }]) => folder === 'apps/cli' || folder.startsWith('plugins/')).map(([name]) => name));
  // A set yields what is added while it is walked: this ends at the closure.
  for (const name of needed) {
    for (const dependency of Object.keys(manifests.get(name)?.manifest.dependencies ?? {})) {
      if (manifests.has(dependency)) needed.add(dependency);
    }
  }
  return [...needed];
}
