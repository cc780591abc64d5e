import { Alert, Stack } from '@mantine/core';
import type { JsonObject } from '@kb-labs/contracts';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMemo } from 'react';

import type { Problems } from './check-value.js';
import { fieldsOf, isObject } from './fields-of.js';
import { keysOf } from './pointer.js';
import { ParsedInput } from './parsed-input.js';
import { Fields } from './fields.js';

export interface SchemaFormProps {
  /** Of an object. */
  readonly schema: JsonObject;
  readonly value: JsonObject;
  readonly onChange: (value: JsonObject) => void;
  /** Shown at their fields. */
  readonly problems?: Problems;
  /** What is typed at a place is no value at all, or is one again. */
  readonly onUnreadable?: (pointer: string, problem: string | undefined) => void;
}

/** Asks for an object by its JSON Schema: a field for each property, JSON where there is none for it. */
export function SchemaForm({ schema, value, onChange, problems = NONE, onUnreadable = ignore }: SchemaFormProps) {
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  if (fields === undefined) {
    return (
      <ParsedInput
        label="Answers (JSON)"
        kind="json"
        value={value}
        required={false}
        problem={Object.values(problems)[0]}
        onChange={(next) => {
          onChange(isObject(next) ? next : {});
        }}
        onUnreadable={(problem) => {
          onUnreadable('', problem);
        }}
      />
    );
  }
  const elsewhere = Object.entries(problems).filter(([pointer]) => !fields.some(({ name }) => name === keysOf(pointer)[0]));
  return (
    <Stack gap="sm">
      {elsewhere.length === 0 ? null : (
        <Alert color="red" variant="outline" icon={<IconAlertTriangle />} role="alert">
          {elsewhere.map(([pointer, problem]) => (
            <div key={pointer}>
              {keysOf(pointer).join(' / ')} {problem}
            </div>
          ))}
        </Alert>
      )}
      <Fields fields={fields} pointer="" value={value} onChange={onChange} problems={problems} onUnreadable={onUnreadable} />
    </Stack>
  );
}

const NONE: Problems = {};
const ignore = (): void => undefined;
