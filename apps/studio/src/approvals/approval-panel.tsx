import { Button, Group, Paper, Stack, Text, Textarea, Title } from '@mantine/core';
import { IconRefreshAlert } from '@tabler/icons-react';
import { useState } from 'react';

import { Notice } from '../parts/notice.js';
import { focusFirstProblem } from '../parts/schema-form/focus-first-problem.js';
import { SchemaForm } from '../parts/schema-form/schema-form.js';
import { useSchemaForm } from '../parts/schema-form/use-schema-form.js';
import { Problem } from '../parts/problem.js';
import { ApprovalActions } from './approval-actions.js';
import { ApprovalSubject } from './approval-subject.js';
import type { ApprovalWaitView } from './approval-wait.js';
import { useDecision } from './use-decision.js';

interface ApprovalPanelProps {
  readonly runId: string;
  readonly job: string;
  readonly step: string;
  readonly wait: ApprovalWaitView;
  /** It is decided: here, or meanwhile by somebody else. */
  readonly onDone?: () => void;
}

/** Decides an approval: shows what is asked, and sends the decision with the digest of exactly that. */
export function ApprovalPanel({ wait, ...place }: ApprovalPanelProps) {
  const [seen, setSeen] = useState(wait);
  const changed = seen.subject !== wait.subject;
  return (
    <Paper withBorder p="md" component="section" aria-label={`Approval: ${seen.title}`} data-approval={place.step}>
      <Stack gap="md">
        <Title order={2} style={{ overflowWrap: 'anywhere' }}>
          {seen.title}
        </Title>
        {changed ? (
          <Notice icon={<IconRefreshAlert />} role="alert" title="What is to be approved has changed">
            <Stack gap="xs" align="flex-start">
              <Text>What you see is not what would be approved now. Look at it as it is, and decide then.</Text>
              <Button
                variant="default"
                size="compact-sm"
                onClick={() => {
                  setSeen(wait);
                }}
              >
                Show it as it is now
              </Button>
            </Stack>
          </Notice>
        ) : null}
        <ApprovalSubject wait={seen} />
        <Decision key={seen.subject} {...place} wait={seen} changed={changed} />
      </Stack>
    </Paper>
  );
}

const NO_FORM = { type: 'object' } as const;

function Decision({ wait, changed, onDone, ...place }: ApprovalPanelProps & { readonly changed: boolean }) {
  const [comment, setComment] = useState('');
  const form = useSchemaForm(wait.form ?? NO_FORM);
  const { decide, deciding, problem } = useDecision({ ...place, subject: wait.subject, ...(onDone === undefined ? {} : { onDone }) });
  const approve = (element: HTMLFormElement): void => {
    const data = wait.form === null ? undefined : form.check();
    if (wait.form !== null && data === undefined) focusFirstProblem(element);
    else void decide({ decision: 'approved', comment, ...(data === undefined ? {} : { data }) });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        approve(event.currentTarget);
      }}
      noValidate
    >
      <Stack gap="md">
        {wait.form === null ? null : <SchemaForm {...form.props} />}
        <Textarea
          label="Comment"
          description="Kept with the decision. When you reject, it is the reason."
          autosize
          minRows={1}
          maxRows={8}
          maxLength={4_096}
          value={comment}
          onChange={({ currentTarget }) => {
            setComment(currentTarget.value);
          }}
        />
        {problem === undefined || changed ? null : <Problem thrown={problem} />}
        <Group gap="xs">
          <ApprovalActions changed={changed} deciding={deciding} rejectable={comment.trim() !== ''} onReject={() => void decide({ decision: 'rejected', comment })} />
        </Group>
      </Stack>
    </form>
  );
}
