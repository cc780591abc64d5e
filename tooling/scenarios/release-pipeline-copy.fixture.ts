import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ProjectWithRuns } from './control.fixture.js';
import { repository } from './project.fixture.js';

/**
 * A repository with everything that is in this one, as it stands in the work tree, and what is installed here. Packages find each
 * other in the copy; what comes from elsewhere is shared by links.
 */
export class RepositoryCopy extends ProjectWithRuns {
  constructor() {
    super();
    this.#copyFiles();
    this.#linkInstalled();
    this.git('init', '-q');
    this.git('add', '.');
    this.git('commit', '-qm', 'as it stands');
  }

  #copyFiles(): void {
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: repository, encoding: 'utf8' });
    for (const path of listed.split('\0')) {
      const from = join(repository, path);
      // A file that was removed, and that git has not been told about.
      if (path === '' || !existsSync(from)) continue;
      mkdirSync(dirname(join(this.dir, path)), { recursive: true });
      cpSync(from, join(this.dir, path), { verbatimSymlinks: true });
    }
  }

  #linkInstalled(): void {
    const members = ['packages', 'plugins', 'apps'].flatMap((kind) => readdirSync(join(this.dir, kind)).map((name) => `${kind}/${name}`));
    for (const member of members) {
      const from = join(repository, member, 'node_modules');
      if (existsSync(from)) cpSync(from, join(this.dir, member, 'node_modules'), { recursive: true, verbatimSymlinks: true });
    }
    const [from, to] = [join(repository, 'node_modules'), join(this.dir, 'node_modules')];
    mkdirSync(to);
    for (const name of readdirSync(from)) {
      if (name === '.pnpm') symlinkSync(join(from, name), join(to, name));
      else if (!name.startsWith('.') || name === '.bin') cpSync(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
    }
  }
}
