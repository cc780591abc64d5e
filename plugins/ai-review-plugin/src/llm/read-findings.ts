import { kindOf } from '../review/file-kind.js';
import type { Finding } from '../review/finding.js';
import { quoteLine, showInvisible } from '../review/quote-line.js';
import { findSecrets } from '../rules/find-secrets.js';
import { SEVERITIES } from '../rules/catalog.js';
import { nameOf } from './ask.js';
import type { Question } from './plan-questions.js';

export interface ReadFindings {
  readonly findings: readonly Finding[];
  /** Those that were no use: about another file, a line that was not shown, a severity there is not. */
  readonly dropped: number;
}

const MESSAGE_LENGTH = 600;
/** Of one answer. Who finds more in a few hundred lines finds nothing. */
const FINDINGS = 30;

/** What of an answer can be used. It comes from outside: every part of it is checked against what was asked. */
export function readFindings(answer: unknown, question: Question): ReadFindings {
  const told = property(answer, 'findings');
  if (!Array.isArray(told)) return { findings: [], dropped: 0 };
  const findings = told.slice(0, FINDINGS).flatMap((finding) => readFinding(finding, question) ?? []);
  return { findings, dropped: told.length - findings.length };
}

function readFinding(told: unknown, { path, lines }: Question): Finding | undefined {
  const number = property(told, 'line');
  const line = typeof number === 'number' ? lines.get(number) : undefined;
  const severity = SEVERITIES.find((one) => one === property(told, 'severity'));
  const message = property(told, 'message');
  if (property(told, 'file') !== nameOf(path) || line === undefined || severity === undefined || typeof message !== 'string' || message.trim() === '') return undefined;
  return { file: path, line: line.number, severity, rule: 'llm', message: cut(showInvisible(message.trim().replace(/\s+/g, ' '))), excerpt: quoteLine(line.text, findSecrets(line.text, kindOf(path)), 0) };
}

function cut(text: string): string {
  return text.length > MESSAGE_LENGTH ? `${text.slice(0, MESSAGE_LENGTH)}…` : text;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
