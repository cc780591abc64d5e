import type { PlaybookView } from '@kb-labs/contracts';
import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { client } from '../api/client.js';
import { Digest } from '../parts/digest.js';
import { EvidenceEditor, type EvidenceDraft, NO_EVIDENCE, toEvidence } from '../parts/evidence-editor.js';
import { Problem } from '../parts/problem.js';
import { tellDone } from '../parts/tell.js';

const TARGETS = [
  { value: 'verified', label: 'verified: it may start flows' },
  { value: 'canary', label: 'canary: it may start flows, to try it' },
  { value: 'active', label: 'active: it is the version that is started' },
] as const;

/** Lets a version start flows: on evidence, and for the digest that is shown. */
export function PublishVersion({ playbook, onClose }: { readonly playbook: PlaybookView; readonly onClose: () => void }) {
  const { playbook_id: id, version, digest, title } = playbook;
  const [status, setStatus] = useState<'verified' | 'canary' | 'active'>('active');
  const [drafts, setDrafts] = useState<readonly EvidenceDraft[]>([NO_EVIDENCE]);
  const queries = useQueryClient();
  const evidence = toEvidence(drafts);
  const publish = useMutation({
    mutationFn: () => client.call('publishPlaybook', { params: { id }, body: { version, digest, status, evidence_refs: evidence } }),
    onSuccess: async ({ status: now }) => {
      await queries.invalidateQueries({ queryKey: ['playbooks'] });
      tellDone(`${title} ${version} is ${now}`);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Publish ${title} ${version}`} size="lg">
      <Stack>
        <Group gap="xs">
          <Text>For exactly</Text>
          <Digest value={digest} />
        </Group>
        <Select label="To" data={[...TARGETS]} value={status} allowDeselect={false} onChange={(chosen) => { setStatus(TARGETS.find(({ value }) => value === chosen)?.value ?? status); }} />
        {status === 'active' ? <Text c="dimmed">The version that is active now becomes verified.</Text> : null}
        <EvidenceEditor legend="On this evidence" value={drafts} onChange={setDrafts} />
        {publish.error === null ? null : <Problem thrown={publish.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button
            loading={publish.isPending}
            disabled={evidence.length === 0}
            onClick={() => {
              publish.mutate();
            }}
          >
            Publish
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
