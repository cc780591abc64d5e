import type { JsonObject } from '@kb-labs/contracts';
import { fromUnknown } from '@kb-labs/errors';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { client } from '../api/client.js';
import type { Problems } from '../parts/schema-form/check-value.js';
import { problemsOfInputs } from '../parts/schema-form/inputs-schema.js';

/** Starts a run and goes to it. What the gateway says of single inputs is shown at their fields. */
export function useStart(workflowId: string, refuse: (problems: Problems) => void) {
  const navigate = useNavigate();
  const [starting, setStarting] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const start = async (input: JsonObject, idempotencyKey: string): Promise<void> => {
    setStarting(true);
    setProblem(undefined);
    try {
      const run = await client.call('startRun', { body: { workflowId, input, ...(idempotencyKey === '' ? {} : { idempotencyKey }) } });
      await navigate({ to: '/runs/$id', params: { id: run.id } });
    } catch (thrown) {
      const { code, details } = fromUnknown(thrown);
      const said = code === 'INPUT_INVALID' && Array.isArray(details['problems']) ? details['problems'].filter((each) => typeof each === 'string') : [];
      if (said.length === 0) setProblem(thrown);
      else refuse(problemsOfInputs(said));
    } finally {
      setStarting(false);
    }
  };
  return { start, starting, problem };
}
