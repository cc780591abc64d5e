/**
 * The one error of the engine and the register behind it: code → message, HTTP status, exit code, whether a retry
 * can help, and what to do.
 */
export { AppError, fromUnknown, hasCode, isErrorCode, messageOf, toRunError } from './app-error.js';
export type { AppErrorOptions } from './app-error.js';
export { assertNever } from './assert-never.js';
export { nearestName, suggestName } from './nearest.js';
export { toProblem } from './problem.js';
export type { Problem } from './problem.js';
export { EXIT_CODES, REGISTER } from './register.js';
export type { ExitCode, RegisterRow } from './register.js';
