import type { PluginContext } from '@kb-labs/sdk';

import type { DiffFile } from '../diff/parse-diff.js';
import type { Finding } from '../review/finding.js';
import { toRequest } from './ask.js';
import { planQuestions, type Question, type Unseen } from './plan-questions.js';
import { readFindings } from './read-findings.js';

export interface LlmReview {
  readonly findings: readonly Finding[];
  readonly dropped: number;
  readonly unseen: readonly Unseen[];
  /** Answers that could be used. */
  readonly answers: number;
  /** As the service names it, of the last answer. */
  readonly model: string | undefined;
  /** The first failure. What was not asked by then is unseen. */
  readonly failure: { readonly thrown: unknown } | undefined;
}

export interface LlmReviewOptions {
  readonly maxRequests: number;
  readonly onAnswer: (done: number, all: number) => void;
}

const MODEL_LENGTH = 200;
/** Requests at once. */
const AT_ONCE = 4;

/** Asks about each file by itself. The first failure ends the asking: what fails once would most likely fail a hundred times. */
export async function reviewByLlm(files: readonly DiffFile[], ctx: Pick<PluginContext, 'llm' | 'signal'>, { maxRequests, onAnswer }: LlmReviewOptions): Promise<LlmReview> {
  const { questions, unseen } = planQuestions(files, maxRequests);
  const answers = new Map<Question, { readonly value: unknown; readonly model: string }>();
  let failure: LlmReview['failure'];
  const waiting = questions.values();
  const work = async (): Promise<void> => {
    for (const question of waiting) {
      if (failure !== undefined) return;
      try {
        const { value, model } = await ctx.llm.complete(toRequest(question));
        answers.set(question, { value, model });
        onAnswer(answers.size, questions.length);
      } catch (thrown) {
        ctx.signal.throwIfAborted();
        failure ??= { thrown };
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));

  const read = questions.map((question) => readFindings(answers.get(question)?.value, question));
  const unanswered = new Set(questions.filter((question) => !answers.has(question)).map(({ path }) => path));
  return {
    findings: read.flatMap(({ findings }) => findings),
    dropped: read.reduce((sum, { dropped }) => sum + dropped, 0),
    unseen: [...unseen.filter(({ file }) => !unanswered.has(file)), ...[...unanswered].map((file): Unseen => ({ file, reason: 'failed' }))],
    answers: answers.size,
    model: [...answers.values()].at(-1)?.model.slice(0, MODEL_LENGTH),
    failure,
  };
}
