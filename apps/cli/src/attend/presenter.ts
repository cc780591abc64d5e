import type { LogLine, RunView } from '@kb-labs/contracts';

export interface PresenterOptions {
  /** The address that calls the run back. */
  readonly callbackUrl?: () => string;
}

/** Shows a run while it goes on. */
export interface Presenter {
  /** Whether it wants the log: reading it costs something. */
  readonly wantsLog: boolean;
  view(run: RunView): void;
  line(line: LogLine): void;
  /** A remark that belongs neither to the run nor to its log. */
  note(text: string): void;
  /** Leaves the screen to something else, until it was resumed as often. */
  pause(): void;
  resume(): void;
  /** The last word. Without a run it has not ended: nobody looks any more. */
  end(run: RunView | undefined): void;
}
