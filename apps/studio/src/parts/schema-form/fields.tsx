import { Checkbox, Fieldset, Group, NativeSelect, Stack, Text, Textarea, TextInput } from '@mantine/core';
import type { JsonObject, JsonValue } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import type { Problems } from './check-value.js';
import { type Field, isObject } from './fields-of.js';
import { ListField } from './list-field.js';
import { ParsedInput } from './parsed-input.js';
import { pointerTo } from './pointer.js';

interface FieldsProps {
  readonly fields: readonly Field[];
  /** Of the object whose properties these are. */
  readonly pointer: string;
  readonly value: JsonObject;
  readonly onChange: (value: JsonObject) => void;
  readonly problems: Problems;
  readonly onUnreadable: (pointer: string, problem: string | undefined) => void;
}

export function Fields({ fields, pointer, value, onChange, problems, onUnreadable }: FieldsProps) {
  return fields.map((field) => (
    <SchemaField
      key={field.name}
      field={field}
      pointer={pointer}
      value={Object.hasOwn(value, field.name) ? value[field.name] : undefined}
      onChange={(next) => {
        onChange(withMember(value, field.name, next));
      }}
      problems={problems}
      onUnreadable={onUnreadable}
    />
  ));
}

function withMember(value: JsonObject, name: string, next: JsonValue | undefined): JsonObject {
  const { [name]: _before, ...others } = value;
  return next === undefined ? others : { ...others, [name]: next };
}

interface SchemaFieldProps {
  readonly field: Field;
  /** Of the object that it is a property of. */
  readonly pointer: string;
  readonly value: JsonValue | undefined;
  /** `undefined` leaves it out. */
  readonly onChange: (value: JsonValue | undefined) => void;
  readonly problems: Problems;
  readonly onUnreadable: (pointer: string, problem: string | undefined) => void;
}

function SchemaField({ field, pointer, value, onChange, problems, onUnreadable }: SchemaFieldProps) {
  const own = pointerTo(pointer, field.name);
  const problem = problems[own];
  const common = { label: field.label, description: field.description, required: field.required, error: problem, name: own.slice(1) };
  const tell = (text: string | undefined): void => {
    onUnreadable(own, text);
  };
  switch (field.kind) {
    case 'text':
      return <TextField field={field} common={common} value={typeof value === 'string' ? value : ''} onChange={onChange} />;
    case 'number':
      return <ParsedInput kind={field.whole ? 'integer' : 'number'} label={field.label} description={field.description} required={field.required} problem={problem} value={value} onChange={onChange} onUnreadable={tell} />;
    case 'json':
      return <ParsedInput kind="json" label={field.label} description={field.description} required={field.required} problem={problem ?? firstWithin(problems, own)} value={value} onChange={onChange} onUnreadable={tell} />;
    case 'boolean':
      return (
        <Checkbox
          label={field.label}
          description={field.description}
          error={problem}
          checked={value === true}
          onChange={({ currentTarget }) => {
            onChange(currentTarget.checked);
          }}
        />
      );
    case 'choice':
      return (
        <NativeSelect
          {...common}
          value={String(field.options.findIndex((option) => sameJson(option, value)))}
          data={[...(field.required && value !== undefined ? [] : [{ value: '-1', label: field.required ? 'Choose…' : 'None' }]), ...field.options.map((option, index) => ({ value: String(index), label: textOf(option) }))]}
          onChange={({ currentTarget }) => {
            onChange(field.options[Number(currentTarget.value)]);
          }}
        />
      );
    case 'choices':
      return <Choices field={field} problem={problem} value={Array.isArray(value) ? (value) : []} onChange={onChange} />;
    case 'list':
      return <ListField field={field} pointer={own} value={Array.isArray(value) ? (value) : []} onChange={onChange} problems={problems} onUnreadable={onUnreadable} />;
    case 'group':
      return (
        <Fieldset legend={field.required ? `${field.label} *` : field.label}>
          <Stack gap="sm">
            {field.description === undefined ? null : (
              <Text size="sm" c="dimmed">
                {field.description}
              </Text>
            )}
            {problem === undefined ? null : (
              <Text size="sm" c="var(--mantine-color-error)" role="alert">
                {problem}
              </Text>
            )}
            <Fields fields={field.fields} pointer={own} value={isObject(value) ? value : {}} problems={problems} onUnreadable={onUnreadable} onChange={(next) => { onChange(field.required || Object.keys(next).length > 0 ? next : undefined); }} />
          </Stack>
        </Fieldset>
      );
    default:
      return assertNever(field);
  }
}

interface TextFieldProps {
  readonly field: Extract<Field, { kind: 'text' }>;
  readonly common: object;
  readonly value: string;
  readonly onChange: (value: string | undefined) => void;
}

/** An empty text is none, unless that would bring a default back. */
function TextField({ field, common, value, onChange }: TextFieldProps) {
  const change = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }): void => {
    onChange(currentTarget.value === '' && field.default === undefined ? undefined : currentTarget.value);
  };
  return field.input === 'long' ? <Textarea {...common} autosize minRows={1} maxRows={12} value={value} onChange={change} /> : <TextInput {...common} type={field.input} value={value} onChange={change} />;
}

interface ChoicesProps {
  readonly field: Extract<Field, { kind: 'choices' }>;
  readonly problem: string | undefined;
  readonly value: readonly JsonValue[];
  readonly onChange: (value: JsonValue | undefined) => void;
}

function Choices({ field, problem, value, onChange }: ChoicesProps) {
  const chosen = field.options.flatMap((option, index) => (value.some((each) => sameJson(each, option)) ? [String(index)] : []));
  return (
    <Checkbox.Group
      label={field.label}
      description={field.description}
      required={field.required}
      error={problem}
      value={chosen}
      onChange={(indexes) => {
        onChange(indexes.length === 0 && !field.required ? undefined : field.options.filter((_option, index) => indexes.includes(String(index))));
      }}
    >
      <Group gap="md" mt={4}>
        {field.options.map((option, index) => (
          <Checkbox key={textOf(option)} value={String(index)} label={textOf(option)} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}

function firstWithin(problems: Problems, pointer: string): string | undefined {
  const [at, text] = Object.entries(problems).find(([each]) => each.startsWith(`${pointer}/`)) ?? [];
  return at === undefined || text === undefined ? undefined : `${at.slice(pointer.length + 1)} ${text}`;
}

function sameJson(one: JsonValue, other: JsonValue | undefined): boolean {
  return other !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

