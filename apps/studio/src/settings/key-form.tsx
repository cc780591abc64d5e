import { Button, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { mayDo, type NewApiKeyView, PERMISSIONS, type Role, ROLES } from '@kb-labs/contracts';
import { useState } from 'react';

import { client } from '../api/client.js';
import { queryClient } from '../api/query-client.js';
import { Problem } from '../parts/problem.js';
import { keysQuery } from './keys-query.js';

const DAY_MS = 86_400_000;
const EXPIRIES = [
  ['30 days', 30 * DAY_MS],
  ['90 days', 90 * DAY_MS],
  ['a year', 365 * DAY_MS],
  ['never', undefined],
] as const;

export function KeyForm({ onMade }: { readonly onMade: (made: NewApiKeyView) => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [expiry, setExpiry] = useState<string>('90 days');
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const make = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const expiresInMs = EXPIRIES.find(([text]) => text === expiry)?.[1];
      onMade(await client.call('createKey', { body: { name: name.trim(), role, ...(expiresInMs === undefined ? {} : { expiresInMs }) } }));
    } catch (thrown) {
      setProblem(thrown);
      setBusy(false);
    } finally {
      void queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          description="Who or what uses it. Runs and decisions are signed with it."
          required
          maxLength={128}
          autoComplete="off"
          data-autofocus
          value={name}
          onChange={({ currentTarget }) => {
            setName(currentTarget.value);
          }}
        />
        <NativeSelect
          label="Role"
          description={`It may: ${PERMISSIONS.filter((permission) => mayDo(role, permission)).join(', ')}.`}
          data={[...ROLES]}
          value={role}
          onChange={({ currentTarget }) => {
            setRole(ROLES.find((each) => each === currentTarget.value) ?? 'viewer');
          }}
        />
        <NativeSelect
          label="Expires after"
          data={EXPIRIES.map(([text]) => text)}
          value={expiry}
          onChange={({ currentTarget }) => {
            setExpiry(currentTarget.value);
          }}
        />
        {problem === undefined ? null : <Problem thrown={problem} />}
        <Group justify="flex-end">
          <Button type="submit" loading={busy} disabled={name.trim() === ''}>
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
