export const CHECKS = ['test', 'types', 'lint'] as const;
export type CheckName = (typeof CHECKS)[number];

/** The mildest first. */
export const SEVERITIES = ['warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Reports that can be read. Jest and vitest write the same JSON. */
export const FORMATS = ['junit', 'jest-json', 'vitest-json', 'tap', 'tsc', 'eslint-json'] as const;
export type Format = (typeof FORMATS)[number];
