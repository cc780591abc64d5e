import { describe, expect, it } from 'vitest';

import { jobNodes } from './job-nodes.js';
import { fits, type WorkflowEntry } from './workflow-entry.js';

const entry: WorkflowEntry = { id: 'ship', name: 'Ship it', version: null, description: 'Builds everything', file: '.kb/workflows/release.yml', digest: 'sha256:0', valid: true, inputs: {}, jobs: [], triggers: ['manual', 'schedule'] };

describe('searching workflows', () => {
  it.each(['', 'ship', 'SHIP build', 'schedule release'])('finds it by %j', (wanted) => {
    expect(fits(entry, wanted)).toBe(true);
  });

  it.each(['shop', 'ship push'])('does not by %j', (wanted) => {
    expect(fits(entry, wanted)).toBe(false);
  });
});

describe('the boxes of the jobs', () => {
  it('say how often they run, and of how many steps they are', () => {
    const step = { id: 'a', name: 'a', uses: 'run' };
    const nodes = jobNodes([
      { key: 'test', name: 'Test', needs: [], strategy: true, if: null, steps: [step, step] },
      { key: 'ship', name: 'ship', needs: ['test'], strategy: false, if: '${{ inputs.go }}', steps: [step] },
    ]);
    expect(nodes).toEqual([
      { id: 'test', label: 'Test', needs: [], sublabel: 'matrix · 2 steps' },
      { id: 'ship', label: 'ship', needs: ['test'], sublabel: 'conditional · 1 step' },
    ]);
  });
});
