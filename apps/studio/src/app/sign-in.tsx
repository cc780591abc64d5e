import { Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { createClient } from '@kb-labs/client';
import { useState } from 'react';

import { Command } from '../parts/command.js';
import { Problem } from '../parts/problem.js';
import { GATEWAY_URL } from './place.js';

/** For a browser that has no session: how to get one. A key that is typed is exchanged for a session at once and not kept. */
export function SignIn() {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const enter = async (): Promise<void> => {
    setBusy(true);
    try {
      const { path } = await createClient({ url: GATEWAY_URL, key: key.trim() }).call('createLink', { body: {} });
      location.assign(new URL(path.replace(/^\//, ''), GATEWAY_URL));
    } catch (thrown) {
      setProblem(thrown);
      setBusy(false);
    }
  };
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" maw={460} w="100%">
        <Stack>
          <Title order={1}>Sign in to Studio</Title>
          <Text>On the machine of the project, this opens Studio without a key:</Text>
          <Command text="kb studio" />
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void enter();
            }}
          >
            <Stack>
              <PasswordInput
                label="Or with an API key"
                placeholder="kb_…"
                autoComplete="off"
                value={key}
                onChange={({ currentTarget }) => {
                  setKey(currentTarget.value);
                }}
              />
              <Button type="submit" loading={busy} disabled={key.trim() === ''}>
                Sign in
              </Button>
            </Stack>
          </form>
          {problem === undefined ? null : <Problem thrown={problem} />}
        </Stack>
      </Paper>
    </Center>
  );
}
