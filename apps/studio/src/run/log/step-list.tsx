import { Text } from '@mantine/core';
import { isTerminalJob, type JobView, type RunView, type StepView } from '@kb-labs/contracts';
import { IconChevronRight } from '@tabler/icons-react';
import { memo, type ReactNode, useState } from 'react';

import { StatusBadge } from '../../parts/status-badge.js';
import { Duration } from '../../parts/time.js';
import { groupJobs } from './group-jobs.js';
import classes from './step-list.module.css';

/** Of a run with more jobs than this, only those that are of interest are open at first. */
const FEW = 30;

interface StepListProps {
  readonly run: RunView;
  readonly job: string | undefined;
  readonly step: string | undefined;
  /** Lines that have what is searched for; `undefined` while nothing is. */
  readonly hitsOf: ((job: string, step: string) => number) | undefined;
  readonly onChoose: (choice: { readonly job: string | undefined; readonly step: string | undefined }) => void;
}

/** The jobs and steps of a run; one that is chosen is shown alone. There can be thousands: drawn anew only when they change, not with every line that is printed. */
export const StepList = memo(function StepList({ run, job: chosenJob, step: chosenStep, hitsOf, onChoose }: StepListProps) {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const many = run.jobs.length > FEW;
  const isOpen = (job: JobView): boolean => {
    const atFirst = !many || job.key === chosenJob || job.status === 'running' || job.status === 'failed';
    return turned.has(job.key) ? !atFirst : atFirst;
  };
  const turn = (key: string): void => {
    setTurned((known) => known.symmetricDifference(new Set([key])));
  };
  const ofJob = (job: JobView, isCombination: boolean) => (
    <li key={job.key} className={isCombination ? classes['combination'] : classes['job']}>
      <Entry
        status={<StatusBadge status={job.status} iconOnly />}
        text={job.name}
        note={job.attempt > 1 ? `×${String(job.attempt)}` : undefined}
        strong
        part={job}
        chosen={chosenJob === job.key && chosenStep === undefined}
        hits={hitsOf === undefined ? undefined : job.steps.reduce((sum, step) => sum + hitsOf(job.key, step.id), 0)}
        turn={job.steps.length === 0 ? undefined : { open: isOpen(job), onTurn: () => { turn(job.key); } }}
        onChoose={() => { onChoose({ job: job.key, step: undefined }); }}
      />
      {isOpen(job) && job.steps.length > 0 ? (
        <ul className={classes['steps']}>
          {job.steps.map((step) => (
            <li key={step.id}>
              <Entry
                status={<StatusBadge status={step.status} iconOnly />}
                text={step.name}
                note={step.attempt > 1 ? `×${String(step.attempt)}` : undefined}
                part={step}
                chosen={chosenJob === job.key && chosenStep === step.id}
                hits={hitsOf?.(job.key, step.id)}
                onChoose={() => { onChoose({ job: job.key, step: step.id }); }}
              />
            </li>
          ))}
        </ul>
      ) : null}
    </li>
  );
  return (
    <nav aria-label="Jobs and steps">
      <button type="button" className={classes['entry']} aria-current={chosenJob === undefined ? 'true' : undefined} onClick={() => { onChoose({ job: undefined, step: undefined }); }}>
        <span className={classes['text']}>
          <b>All steps</b>
        </span>
      </button>
      <ul className={classes['list']}>
        {groupJobs(run.jobs).map(({ job, combinations }) => (combinations.length === 0 ? ofJob(job, false) : [ofJob(job, false), ...combinations.map((each) => ofJob(each, true))]))}
      </ul>
    </nav>
  );
});

interface EntryProps {
  readonly status: ReactNode;
  readonly text: string;
  readonly note: string | undefined;
  readonly strong?: boolean;
  readonly part: JobView | StepView;
  readonly chosen: boolean;
  readonly hits: number | undefined;
  readonly turn?: { readonly open: boolean; readonly onTurn: () => void } | undefined;
  readonly onChoose: () => void;
}

function Entry({ status, text, note, strong = false, part, chosen, hits, turn, onChoose }: EntryProps) {
  return (
    <div className={classes['row']}>
      {turn === undefined ? null : (
        <button type="button" className={classes['turn']} aria-label={`${turn.open ? 'Hide' : 'Show'} the steps of ${text}`} aria-expanded={turn.open} onClick={turn.onTurn}>
          <IconChevronRight size={14} aria-hidden />
        </button>
      )}
      <button type="button" className={classes['entry']} aria-current={chosen ? 'true' : undefined} onClick={onChoose} title={part.reason?.message ?? text}>
        {status}
        <span className={classes['text']}>{strong ? <b>{text}</b> : text}</span>
        {note === undefined ? null : (
          <Text span size="xs" c="dimmed" title="Attempts">
            {note}
          </Text>
        )}
        {hits === undefined ? (
          <Text span size="xs" c="dimmed">
            {part.startedAt === null ? null : <Duration from={part.startedAt} to={part.finishedAt ?? (isTerminalJob(part.status) ? part.startedAt : null)} />}
          </Text>
        ) : hits === 0 ? null : (
          <span className={classes['hits']} aria-label={`${String(hits)} lines found`}>
            {hits}
          </span>
        )}
      </button>
    </div>
  );
}
