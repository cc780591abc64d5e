import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { COMMAND_IDS } from './load-command.js';
import { route } from './route.js';

describe('route', () => {
  it.each([
    [['workflow:run', '--workflow-id=a'], { kind: 'command', id: 'workflow:run', tokens: ['--workflow-id=a'] }],
    [['workflow', 'run', '--workflow-id=a'], { kind: 'command', id: 'workflow:run', tokens: ['--workflow-id=a'] }],
    [['--', 'workflow:list'], { kind: 'command', id: 'workflow:list', tokens: [] }],
    [['--json', '--project', 'x', 'workflow:list'], { kind: 'command', id: 'workflow:list', tokens: ['--json', '--project', 'x'] }],
    [['--project=x', 'doctor', '--json'], { kind: 'command', id: 'doctor', tokens: ['--project=x', '--json'] }],
    [['git:diff', '--base', 'main'], { kind: 'plugin', id: 'git:diff', tokens: ['--base', 'main'] }],
    [['git', 'diff', '--base', 'main'], { kind: 'plugin', id: 'git:diff', tokens: ['--base', 'main'] }],
    [[], { kind: 'overview', tokens: [] }],
    [['--help'], { kind: 'overview', tokens: ['--help'] }],
    [['workflow', '--help'], { kind: 'overview', group: 'workflow', tokens: ['--help'] }],
    [['--version'], { kind: 'command', id: 'version', tokens: [] }],
    [['--version', '--json'], { kind: 'command', id: 'version', tokens: ['--json'] }],
    [['wrokflow'], { kind: 'unknown', name: 'wrokflow', tokens: [] }],
    [['Workflow:Run'], { kind: 'unknown', name: 'Workflow:Run', tokens: [] }],
    [['constructor'], { kind: 'unknown', name: 'constructor', tokens: [] }],
  ])('sends %j where it belongs', (argv, expected) => {
    expect(route(argv, COMMAND_IDS)).toEqual(expected);
  });

  it('sends every command line somewhere', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('--', '--project', '--json', 'workflow', 'run', 'git:diff', '-h'));
    fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (argv) => typeof route(argv, COMMAND_IDS).kind === 'string'));
  });
});
