import type { FlowView } from '@kb-labs/contracts';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { client } from '../api/client.js';
import { EvidenceEditor, type EvidenceDraft, NO_EVIDENCE, toEvidence } from '../parts/evidence-editor.js';
import { Problem } from '../parts/problem.js';
import { tellDone } from '../parts/tell.js';

/** Begins with what is missing. */
export function AddEvidence({ flow, onClose }: { readonly flow: FlowView; readonly onClose: () => void }) {
  const { flow_id: id, contract } = flow;
  const [drafts, setDrafts] = useState<readonly EvidenceDraft[]>(() => {
    const missing = contract.missing_evidence.map((item) => ({ kind: item.kind, id: item.id ?? '', description: item.description ?? '' }));
    return missing.length === 0 ? [NO_EVIDENCE] : missing;
  });
  const queries = useQueryClient();
  // What was begun with and not filled in was not meant.
  const evidence = toEvidence(drafts).filter((ref) => ref.id !== '');
  const add = useMutation({
    mutationFn: () => client.call('addEvidence', { params: { id }, body: { evidence_refs: evidence } }),
    onSuccess: (now) => {
      queries.setQueryData(['flows', id], now);
      tellDone(now.contract.missing_evidence.length === 0 ? 'All required evidence is there' : `${String(now.contract.missing_evidence.length)} still missing`);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Add evidence" size="lg">
      <Stack>
        <Text c="dimmed">
          A run, task, agent, approval, question, output, flow or artifact has to be one of this flow. Any other kind is your word. Nothing is ever taken away.
        </Text>
        <EvidenceEditor legend="Evidence" value={drafts} onChange={setDrafts} />
        {add.error === null ? null : <Problem thrown={add.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button
            loading={add.isPending}
            disabled={evidence.length === 0}
            onClick={() => {
              add.mutate();
            }}
          >
            Add
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
