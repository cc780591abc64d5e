import type { Format } from '../checks/names.js';
import { parseEslintJson } from './parse-eslint-json.js';
import { parseJestJson } from './parse-jest-json.js';
import { parseJunit } from './parse-junit.js';
import { parseTap } from './parse-tap.js';
import { parseTsc } from './parse-tsc.js';
import type { Relative, Report } from './report.js';

/** Reads a report. One that is broken gives what stands before the break, and says so in `problem`. */
export function readReport(text: string, format: Format, toRelative: Relative): Report {
  switch (format) {
    case 'junit':
      return parseJunit(text, toRelative);
    case 'jest-json':
    case 'vitest-json':
      return parseJestJson(text, toRelative);
    case 'tap':
      return parseTap(text, toRelative);
    case 'tsc':
      return parseTsc(text, toRelative);
    case 'eslint-json':
      return parseEslintJson(text, toRelative);
  }
}
