import type { JsonObject, RunView } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';

import type { RunDesk } from '../desk/run-desk.js';
import { mayDecide, renderApproval, type ShownApproval } from '../render/approval.js';
import { waitingSteps } from '../render/wait-text.js';
import type { Question } from '../terminal/ask.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Terminal } from '../terminal/terminal.js';
import { askForm } from './ask-form.js';
import type { Presenter } from './presenter.js';

/** Asks a person at the terminal for the approvals that a followed run waits for. */
export interface ApprovalDesk {
  /** Looks at the run: asks for what has appeared, and takes back what somebody else has answered. */
  see(run: RunView): void;
  close(): void;
}

export interface ApprovalDeskOptions {
  readonly terminal: Terminal;
  readonly presenter: Presenter;
  /** Who decides here; nobody is asked without it. */
  readonly by: string | undefined;
  readonly ask: (terminal: Terminal, prompt: string) => Question<string | undefined>;
  readonly fail: (error: unknown) => void;
}

type Answers = Pick<RunDesk, 'answer'>;

export function openApprovalDesk(runs: Answers, options: ApprovalDeskOptions): ApprovalDesk {
  return new Desk(runs, options);
}

class Desk implements ApprovalDesk {
  readonly #runs: Answers;
  readonly #options: ApprovalDeskOptions;
  /** Left for later, or not for this person. */
  readonly #put = new Set<string>();
  #waiting: readonly ShownApproval[] = [];
  #asked: Conversation | undefined;
  #closed = false;

  constructor(runs: Answers, options: ApprovalDeskOptions) {
    this.#runs = runs;
    this.#options = options;
  }

  see(run: RunView): void {
    const { by } = this.#options;
    if (by === undefined) return;
    this.#waiting = approvalsOf(run).filter((one) => mayDecide(one, by));
    if (this.#asked !== undefined && !this.#waiting.some((one) => keyOf(one) === this.#asked?.key)) this.#asked.takeBack();
    this.#askNext();
  }

  close(): void {
    this.#closed = true;
    this.#asked?.leave();
  }

  #askNext(): void {
    if (this.#closed || this.#asked !== undefined) return;
    const next = this.#waiting.find((one) => !this.#put.has(keyOf(one)));
    if (next === undefined) return;
    const { presenter, fail } = this.#options;
    const conversation = new Conversation(this.#runs, next, this.#options);
    this.#asked = conversation;
    presenter.pause();
    conversation
      .hold()
      .catch(fail)
      .finally(() => {
        this.#put.add(conversation.key);
        this.#asked = undefined;
        presenter.resume();
        this.#askNext();
      });
  }
}

/** One approval, from its question to its decision. */
class Conversation {
  readonly key: string;
  readonly #runs: Answers;
  readonly #approval: ShownApproval;
  readonly #options: ApprovalDeskOptions;
  #question: Question<string | undefined> | undefined;
  #over = false;
  /** From its decision on there is nothing to take back. */
  #deciding = false;

  constructor(runs: Answers, approval: ShownApproval, options: ApprovalDeskOptions) {
    this.key = keyOf(approval);
    this.#runs = runs;
    this.#approval = approval;
    this.#options = options;
  }

  /** Somebody else has answered, or it is not waited for any more. */
  takeBack(): void {
    if (this.#over || this.#deciding) return;
    this.#options.terminal.print(['', '  it is not waited for any more']);
    this.leave();
  }

  leave(): void {
    this.#over = true;
    this.#question?.settle(undefined);
  }

  async hold(): Promise<void> {
    const { terminal } = this.#options;
    terminal.print(['', ...renderApproval(this.#approval, { style: terminal.style, now: terminal.now() })]);
    for (;;) {
      const answer = (await this.#ask('Approve? [y]es / [n]o / [l]ater: '))?.trim().toLowerCase();
      if (answer === undefined || /^l(ater)?$/.test(answer)) return;
      if (/^y(es)?$/.test(answer) && (await this.#approve())) return;
      if (/^no?$/.test(answer) && (await this.#decide('rejected', undefined))) return;
    }
  }

  async #approve(): Promise<boolean> {
    const { form } = this.#approval.wait;
    const { terminal } = this.#options;
    const data = form === null ? undefined : await askForm(form, { ask: (prompt) => this.#ask(prompt), print: (line) => { terminal.print(line); } });
    if (form !== null && data === undefined) return true;
    return this.#decide('approved', data);
  }

  /** Whether the conversation is over. */
  async #decide(decision: 'approved' | 'rejected', data: JsonObject | undefined): Promise<boolean> {
    const comment = await this.#ask('  Comment (optional): ');
    if (comment === undefined) return true;
    const { job, step, runId, wait } = this.#approval;
    const { terminal } = this.#options;
    this.#deciding = true;
    try {
      await this.#runs.answer({
        runId,
        step: `${job}/${step}`,
        decision,
        subject: wait.subject,
        ...(comment.trim() === '' ? {} : { comment: comment.trim() }),
        ...(data === undefined ? {} : { data }),
      });
      return true;
    } catch (error) {
      if (!REFUSALS.some((code) => hasCode(error, code))) throw error;
      terminal.print(`  ${sanitizeText(error instanceof Error ? error.message : String(error))}`);
      this.#deciding = !hasCode(error, 'FORM_INVALID');
      return this.#deciding;
    }
  }

  async #ask(prompt: string): Promise<string | undefined> {
    if (this.#over) return undefined;
    this.#question = this.#options.ask(this.#options.terminal, prompt);
    const line = await this.#question.answer;
    this.#question = undefined;
    return this.#over ? undefined : line;
  }
}

/** What can be wrong with a decision without anything being wrong with the run. */
const REFUSALS = ['FORM_INVALID', 'NOT_WAITING', 'APPROVAL_CHANGED', 'APPROVER_NOT_ALLOWED', 'RUN_FINISHED'] as const;

function approvalsOf(run: RunView): ShownApproval[] {
  const found: ShownApproval[] = [];
  for (const { job, step, wait } of waitingSteps(run.jobs)) {
    if (wait.kind === 'approval') found.push({ runId: run.id, job: job.key, step: step.id, turn: `${String(job.attempt)}.${String(step.iteration ?? 1)}`, startedBy: run.trigger.actor, wait });
  }
  return found;
}

/** What is to be approved may change while it waits: that is another approval. */
function keyOf({ job, step, turn, wait }: ShownApproval): string {
  return `${job}/${step} ${turn} ${wait.subject}`;
}
