import { TextInput, type TextInputProps } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';

interface LateInputProps extends Omit<TextInputProps, 'value' | 'onChange'> {
  readonly value: string;
  /** What was typed, once nothing more has been for a moment. */
  readonly onValue: (value: string) => void;
}

const QUIET_MS = 250;

/** A field that tells what was typed when somebody pauses, so that not every letter asks the gateway. */
export function LateInput({ value, onValue, ...props }: LateInputProps) {
  const [typed, setTyped] = useState(value);
  const [told, setTold] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    // What was told comes back a moment later, when more may have been typed. Anything else was changed elsewhere: by a link, or "clear".
    if (value !== told) {
      setTold(value);
      setTyped(value);
    }
  }
  const tell = useDebouncedCallback((text: string) => {
    setTold(text);
    onValue(text);
  }, QUIET_MS);
  return (
    <TextInput
      {...props}
      value={typed}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        tell(currentTarget.value.trim());
      }}
    />
  );
}
