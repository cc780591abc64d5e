import { Textarea, TextInput } from '@mantine/core';
import type { JsonValue } from '@kb-labs/contracts';
import { useState } from 'react';

import { parseTyped, type TypedKind } from './parse-typed.js';

interface ParsedInputProps {
  readonly kind: TypedKind;
  readonly label: string;
  readonly description?: string | undefined;
  readonly required: boolean;
  readonly problem: string | undefined;
  readonly value: JsonValue | undefined;
  readonly onChange: (value: JsonValue | undefined) => void;
  /** What is typed is no value, or is one again. */
  readonly onUnreadable: (problem: string | undefined) => void;
}

/** A number or JSON: keeps what is typed while that is no value yet. */
export function ParsedInput({ kind, label, description, required, problem, value, onChange, onUnreadable }: ParsedInputProps) {
  const [typed, setTyped] = useState(() => written(kind, value));
  const change = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }): void => {
    setTyped(currentTarget.value);
    const read = parseTyped(kind, currentTarget.value);
    onUnreadable(read.ok ? undefined : read.problem);
    if (read.ok) onChange(read.value);
  };
  const common = { label, description, required, error: problem, value: typed, onChange: change, spellCheck: false };
  return kind === 'json' ? <Textarea {...common} autosize minRows={3} maxRows={16} styles={MONOSPACE} placeholder="JSON" /> : <TextInput {...common} inputMode={kind === 'integer' ? 'numeric' : 'decimal'} />;
}

const MONOSPACE = { input: { fontFamily: 'var(--mantine-font-family-monospace)' } };

function written(kind: TypedKind, value: JsonValue | undefined): string {
  if (value === undefined) return '';
  return kind === 'json' ? JSON.stringify(value, null, 2) : String(value);
}
