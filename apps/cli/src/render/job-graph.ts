/** What a graph is drawn from: jobs in an order that has every job after its needs. */
export interface GraphJob {
  readonly key: string;
  readonly needs: readonly string[];
}

/**
 * Jobs by rank, those that can run side by side on one line, with what each waits for:
 *
 *     1  build  lint
 *     2  test ← build
 */
export function renderJobGraph(jobs: readonly GraphJob[]): string[] {
  const ranks = rankJobs(jobs);
  const lines: string[] = [];
  for (let rank = 1; rank <= Math.max(0, ...ranks.values()); rank += 1) {
    const row = jobs.filter(({ key }) => ranks.get(key) === rank).map(label);
    lines.push(`  ${String(rank)}  ${row.join('   ')}`);
  }
  return lines;
}

function rankJobs(jobs: readonly GraphJob[]): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const job of jobs) ranks.set(job.key, 1 + Math.max(0, ...job.needs.map((need) => ranks.get(need) ?? 0)));
  return ranks;
}

function label(job: GraphJob): string {
  return job.needs.length === 0 ? job.key : `${job.key} ← ${job.needs.join(', ')}`;
}
