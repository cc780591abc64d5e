import type { RunId } from '@kb-labs/contracts';

import type { CommandContext } from '../command-context.js';
import type { RunDesk } from '../desk/run-desk.js';
import type { Presenter, PresenterOptions } from './presenter.js';

/** How a run is shown here: JSON when asked for, a live tree where one can be drawn, lines elsewhere. Only the chosen one is loaded. */
export async function choosePresenter({ terminal, json }: CommandContext, options: PresenterOptions & { jsonLines: boolean }): Promise<Presenter> {
  if (json) {
    const { jsonPresenter } = await import('./json-presenter.js');
    return jsonPresenter(terminal, { lines: options.jsonLines });
  }
  if (terminal.live) {
    const { livePresenter } = await import('./live-presenter.js');
    return livePresenter(terminal, onlyCallback(options));
  }
  const { plainPresenter } = await import('./plain-presenter.js');
  return plainPresenter(terminal, onlyCallback(options));
}

/** The address of a run, where the desk knows it. */
export function callbackOf({ callbackUrl }: Pick<RunDesk, 'callbackUrl'>, runId: RunId): PresenterOptions {
  return callbackUrl === undefined ? {} : { callbackUrl: () => callbackUrl(runId) };
}

function onlyCallback({ callbackUrl }: PresenterOptions): PresenterOptions {
  return callbackUrl === undefined ? {} : { callbackUrl };
}
