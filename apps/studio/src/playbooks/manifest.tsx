import type { PlaybookManifest, PlaybookView, RequiredEvidence } from '@kb-labs/contracts';
import { List, Stack, Switch, Table, Text, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { Facts } from '../parts/facts.js';
import { JsonView } from '../parts/json-view.js';
import { manifestOf } from './manifest-of.js';

/** What a version says, to be read by people; or as it is. */
export function Manifest({ playbook }: { readonly playbook: PlaybookView }) {
  const [asJson, setAsJson] = useState(false);
  return (
    <Stack>
      <Switch
        label="As JSON"
        checked={asJson}
        onChange={({ currentTarget: { checked } }) => {
          setAsJson(checked);
        }}
      />
      {asJson ? <JsonView value={playbook.manifest} label="Manifest" /> : <Read manifest={manifestOf(playbook)} />}
    </Stack>
  );
}

function Read({ manifest }: { readonly manifest: PlaybookManifest }) {
  const { objective, description, inputs = [], preconditions = [], roles = [], phases = [], acceptance_criteria = [], evidence_expectations = [], required_evidence = [], tools, runtime_defaults, scopes } = manifest;
  return (
    <Stack gap="lg" maw={900}>
      <Part title="Objective">
        <Text>{objective}</Text>
        {description === undefined ? null : <Text c="dimmed">{description}</Text>}
      </Part>
      {inputs.length === 0 ? null : (
        <Part title="Inputs">
          <Table aria-label="Inputs" withRowBorders={false} verticalSpacing={3}>
            <Table.Tbody>
              {inputs.map(({ name, description: text = '', required = false }) => (
                <Table.Tr key={name}>
                  <Table.Th scope="row" w={180}>
                    {name}
                  </Table.Th>
                  <Table.Td>{text}</Table.Td>
                  <Table.Td>{required ? 'required' : 'optional'}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Part>
      )}
      <Lines title="Preconditions" lines={preconditions} />
      {roles.length === 0 ? null : (
        <Part title="Roles">
          <Facts rows={roles.map(({ role_id, purpose }) => [role_id, purpose])} />
        </Part>
      )}
      {phases.length === 0 ? null : (
        <Part title="Phases">
          {phases.map(({ phase_id, objective: aim, acceptance_criteria: criteria = [], required_evidence: evidence = [] }) => (
            <Stack key={phase_id} gap={2}>
              <Text fw={500}>{`${phase_id}: ${aim}`}</Text>
              <Bullets lines={[...criteria, ...evidence.map(evidenceWords)]} />
            </Stack>
          ))}
        </Part>
      )}
      <Lines title="Counts as done when" lines={acceptance_criteria} />
      <Lines title="Evidence that is required" lines={required_evidence.map(evidenceWords)} />
      <Lines title="Evidence that is expected" lines={evidence_expectations} />
      {tools === undefined ? null : (
        <Part title="Tools">
          <Facts
            rows={[
              ['A breach', tools.enforce === true ? 'fails the flow' : 'is shown, and fails nothing'],
              ['Allowed', tools.allow === undefined ? 'everything that is not denied' : tools.allow.join(', ')],
              ['Denied', tools.deny?.join(', ')],
            ]}
          />
        </Part>
      )}
      {runtime_defaults === undefined ? null : (
        <Part title="Runs by default">
          <Facts rows={[['Workflow', runtime_defaults.workflow_id], ['Model', runtime_defaults.model], ['Provider', runtime_defaults.provider]]} />
        </Part>
      )}
      {scopes === undefined ? null : (
        <Part title="Scopes">
          <Facts rows={Object.entries(scopes).map(([name, lines = []]) => [name.replaceAll('_', ' '), lines.join(', ')])} />
        </Part>
      )}
    </Stack>
  );
}

function evidenceWords({ kind, id, description }: RequiredEvidence): string {
  return `evidence: ${kind}${id === undefined ? '' : ` ${id}`}${description === undefined ? '' : ` – ${description}`}`;
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Stack gap={4} component="section">
      <Title order={2}>{title}</Title>
      {children}
    </Stack>
  );
}

function Lines({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <Part title={title}>
      <Bullets lines={lines} />
    </Part>
  );
}

function Bullets({ lines }: { readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <List>
      {lines.map((line) => (
        <List.Item key={line}>{line}</List.Item>
      ))}
    </List>
  );
}
