import { Alert, Button, Group, List, Modal, Progress, Stack, Text } from '@mantine/core';
import { isTerminalRun, type RunSummaryView } from '@kb-labs/contracts';
import { fromUnknown } from '@kb-labs/errors';
import { useState } from 'react';

import { client } from '../api/client.js';
import { shortId } from '../parts/short-id.js';
import { tellDone } from '../parts/tell.js';
import { eachAtOnce, type Failed } from './each-at-once.js';

export type BulkAction = 'cancel' | 'all' | 'failed';

const AT_ONCE = 4;

interface Words {
  readonly title: string;
  readonly does: string;
  readonly button: (count: number) => string;
  readonly did: (count: number) => string;
  readonly fits: (run: RunSummaryView) => boolean;
  readonly left: string;
  readonly act: (run: RunSummaryView) => Promise<unknown>;
}

const runs = (count: number): string => (count === 1 ? '1 run' : `${String(count)} runs`);

const ACTIONS: Readonly<Record<BulkAction, Words>> = {
  cancel: {
    title: 'Cancel runs',
    does: 'What runs of them is stopped, and cleans up.',
    button: (count) => `Cancel ${runs(count)}`,
    did: (count) => `${runs(count)} cancelled`,
    fits: ({ status }) => !isTerminalRun(status),
    left: 'over already and stay as they are',
    act: ({ id }) => client.call('cancelRun', { params: { id }, body: {} }),
  },
  all: {
    title: 'Re-run runs',
    does: 'Each is started again from its beginning, as a new run.',
    button: (count) => `Re-run ${runs(count)}`,
    did: (count) => `${runs(count)} started again`,
    fits: ({ status }) => isTerminalRun(status),
    left: 'still open and stay as they are',
    act: ({ id }) => client.call('rerunRun', { params: { id }, body: { mode: 'all' } }),
  },
  failed: {
    title: 'Re-run what failed',
    does: 'Each is started again as a new run that keeps the results of what succeeded.',
    button: (count) => `Re-run what failed in ${runs(count)}`,
    did: (count) => `${runs(count)} started again`,
    fits: ({ status }) => isTerminalRun(status) && status !== 'success',
    left: 'still open or succeeded, and stay as they are',
    act: ({ id }) => client.call('rerunRun', { params: { id }, body: { mode: 'failed' } }),
  },
};

/** Asks first, says how far it is, and names those that could not be done and why. */
export function BulkDialog({ action, runs: chosen, onClose }: { readonly action: BulkAction; readonly runs: readonly RunSummaryView[]; readonly onClose: (done: boolean) => void }) {
  const { title, does, button, did, fits, left, act } = ACTIONS[action];
  // As it was when it was asked: runs go on meanwhile.
  const [targets] = useState(() => chosen.filter(fits));
  const [done, setDone] = useState<number>();
  const [failed, setFailed] = useState<readonly Failed<RunSummaryView>[]>();
  const stays = chosen.length - targets.length;
  const begin = async (): Promise<void> => {
    setDone(0);
    const failures = await eachAtOnce(targets, AT_ONCE, { act, onProgress: setDone });
    if (failures.length < targets.length) tellDone(did(targets.length - failures.length));
    if (failures.length === 0) onClose(true);
    else setFailed(failures);
  };
  return (
    <Modal opened title={title} onClose={() => { if (done === undefined || failed !== undefined) onClose(failed !== undefined); }} withCloseButton={done === undefined || failed !== undefined}>
      <Stack>
        {failed === undefined ? (
          <Text>
            {does} {stays > 0 ? `${String(stays)} of the ${String(chosen.length)} selected are ${left}.` : ''}
          </Text>
        ) : (
          <Alert color="red" variant="outline" title={`${String(failed.length)} of ${String(targets.length)} could not be done`} role="alert">
            <List size="sm">
              {failed.map(({ item, problem }) => (
                <List.Item key={item.id}>
                  {item.workflowId} {shortId(item.id)}: {fromUnknown(problem).message}
                </List.Item>
              ))}
            </List>
          </Alert>
        )}
        {done === undefined || failed !== undefined ? null : <Progress value={(100 * done) / targets.length} aria-label={`${String(done)} of ${String(targets.length)} done`} />}
        <Group justify="flex-end">
          {failed === undefined ? (
            <>
              <Button variant="default" disabled={done !== undefined} onClick={() => { onClose(false); }}>
                Leave them
              </Button>
              <Button color={action === 'cancel' ? 'red.8' : 'green'} loading={done !== undefined} onClick={() => void begin()} data-autofocus>
                {button(targets.length)}
              </Button>
            </>
          ) : (
            <Button onClick={() => { onClose(true); }}>Close</Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
