import type { Format } from './names.js';
import type { Tool } from './detect-tool.js';

/** How a tool is made to write a report beside what it prints. */
export interface ToolCall {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly format: Format;
  /** The report is what it prints, not a file. */
  readonly printed?: true;
}

/** `file`: where the report goes, relative to the folder the tool runs in; no spaces in it. */
export function toolCall(tool: Tool, file: string): ToolCall {
  switch (tool) {
    case 'vitest':
      return { args: ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`], format: 'vitest-json' };
    case 'jest':
      return { args: ['--json', `--outputFile=${file}`], format: 'jest-json' };
    case 'mocha':
      return { args: ['--reporter', 'xunit', '--reporter-option', `output=${file}`], format: 'junit' };
    case 'node-test':
      // Options behind the files would be names of files; node reads these from its environment as well.
      return {
        args: [],
        env: { NODE_OPTIONS: `--test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit --test-reporter-destination=${file}` },
        format: 'junit',
      };
    case 'tsc':
    case 'vue-tsc':
      return { args: ['--pretty', 'false'], format: 'tsc', printed: true };
    case 'eslint':
      return { args: ['--format', 'json', '--output-file', file], format: 'eslint-json' };
  }
}

/** Arguments of a tool that no script starts. */
export function toolArgs(tool: Tool, { references }: { references: boolean }): readonly string[] {
  switch (tool) {
    case 'vitest':
      return ['run'];
    case 'tsc':
    case 'vue-tsc':
      return references ? ['--build', '--noEmit'] : ['--noEmit'];
    case 'eslint':
      return ['.'];
    case 'jest':
    case 'mocha':
    case 'node-test':
      return [];
  }
}
