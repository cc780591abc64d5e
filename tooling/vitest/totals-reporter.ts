import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints `N passed, N failed, N skipped` alone on the last line of a run, so that
 * a script can read the totals; with `KB_TEST_TOTALS=FILE` the line goes into
 * that file instead, for a caller who prints more. A run without a test fails.
 */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const totals = countTests(modules);
    // A file that does not load and an error outside any test are failures too:
    // without this a run could end red with "0 failed" on its last line.
    const broken = modules.filter((module) => module.state() === 'failed' && !hasFailedTest(module)).length;
    const failed = totals.failed + broken + unhandled.length;
    const line = `${String(totals.passed)} passed, ${String(failed)} failed, ${String(totals.skipped)} skipped\n`;
    if (totals.passed + failed === 0) process.exitCode = 1;
    // Other reporters still have their summary to write: the totals wait until
    // the process has nothing else to say.
    process.once('exit', () => {
      const file = process.env['KB_TEST_TOTALS'];
      if (file === undefined) process.stdout.write(line);
      else writeFileSync(file, line);
    });
  }
}

function countTests(modules: readonly TestModule[]): { passed: number; failed: number; skipped: number } {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const state = test.result().state;
      // A test still pending when the run ends was never reached.
      totals[state === 'pending' ? 'failed' : state] += 1;
    }
  }
  return totals;
}

function hasFailedTest(module: TestModule): boolean {
  for (const test of module.children.allTests()) if (test.result().state === 'failed') return true;
  return false;
}
