import type { DiffFile, DiffLine } from '../diff/parse-diff.js';
import { kindOf } from '../review/file-kind.js';
import { KeyBlocks } from '../review/key-blocks.js';
import { maskedLine } from './masked-line.js';

/** Part of one file, or all of it: what one request is about. What one file says can so never become a finding in another. */
export interface Question {
  readonly path: string;
  /** By their number in the new file. */
  readonly lines: ReadonlyMap<number, DiffLine>;
  /** As the model reads them. */
  readonly text: string;
}

/** A file with changes that the model was not shown, or not to its end. */
export interface Unseen {
  readonly file: string;
  readonly reason: 'generated' | 'binary' | 'budget' | 'failed';
}

export interface QuestionPlan {
  readonly questions: readonly Question[];
  readonly unseen: readonly Unseen[];
}

/** Characters of code in one request: some 8,000 tokens. */
const QUESTION_LENGTH = 24_000;

/** What to ask about, in the order of the diff, in at most so many requests. */
export function planQuestions(files: readonly DiffFile[], maxRequests: number): QuestionPlan {
  const questions: Question[] = [];
  const unseen: Unseen[] = [];
  for (const file of files) {
    if (file.deleted) continue;
    if (file.binary) unseen.push({ file: file.path, reason: 'binary' });
    else if (file.additions + file.deletions === 0 || file.hunks.length === 0) continue;
    else if (kindOf(file.path).generated) unseen.push({ file: file.path, reason: 'generated' });
    else if (!askAbout(file, questions, maxRequests)) unseen.push({ file: file.path, reason: 'budget' });
  }
  return { questions, unseen };
}

/** Whether there was room for all of the file. */
function askAbout(file: DiffFile, questions: Question[], maxRequests: number): boolean {
  for (const question of questionsOf(file)) {
    if (questions.length >= maxRequests) return false;
    questions.push(question);
  }
  return true;
}

function* questionsOf(file: DiffFile): Generator<Question> {
  const kind = kindOf(file.path);
  const keys = new KeyBlocks();
  let lines = new Map<number, DiffLine>();
  let parts: string[] = [];
  let length = 0;
  for (const hunk of file.hunks) {
    if (parts.length > 0) parts.push('…');
    for (const line of hunk.lines) {
      const shown = `${String(line.number)} ${line.added ? '+' : ' '} ${maskedLine(line, kind, keys)}`;
      if (length > 0 && length + shown.length > QUESTION_LENGTH) {
        if (hasChange(lines)) yield { path: file.path, lines, text: parts.join('\n') };
        lines = new Map();
        parts = [];
        length = 0;
      }
      lines.set(line.number, line);
      parts.push(shown);
      length += shown.length + 1;
    }
  }
  if (hasChange(lines)) yield { path: file.path, lines, text: parts.join('\n') };
}

/** Context alone is nobody's change. A hunk that only removes has no line to say something about. */
function hasChange(lines: ReadonlyMap<number, DiffLine>): boolean {
  return [...lines.values()].some(({ added }) => added);
}
