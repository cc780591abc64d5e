import type { JsonObject } from '@kb-labs/contracts';
import { useMemo, useState } from 'react';

import { checkValue, type Problems } from './check-value.js';
import { firstValue } from './first-value.js';
import type { SchemaFormProps } from './schema-form.js';

export interface HeldForm {
  readonly value: JsonObject;
  /** For `SchemaForm`. */
  readonly props: SchemaFormProps;
  /** The answers when they fit; else what is wrong is shown from now on. */
  readonly check: () => JsonObject | undefined;
  /** Shows what somebody else has found wrong, until something is changed. */
  readonly refuse: (problems: Problems) => void;
}

/** Keeps the answers of a form. What is wrong is shown once somebody has tried to send it; what cannot be read at all, at once. */
export function useSchemaForm(schema: JsonObject): HeldForm {
  const [value, setValue] = useState<JsonObject>(() => firstValue(schema));
  const [unreadable, setUnreadable] = useState<Problems>({});
  const [refused, setRefused] = useState<Problems>({});
  const [tried, setTried] = useState(false);
  const problems = useMemo(() => ({ ...(tried ? checkValue(schema, value) : {}), ...refused, ...unreadable }), [schema, value, tried, refused, unreadable]);
  return {
    value,
    props: {
      schema,
      value,
      problems,
      onChange: (next) => {
        setValue(next);
        setRefused({});
      },
      onUnreadable: (pointer, problem) => {
        setUnreadable(({ [pointer]: _before, ...others }) => (problem === undefined ? others : { ...others, [pointer]: problem }));
      },
    },
    check: () => {
      setTried(true);
      return Object.keys({ ...checkValue(schema, value), ...unreadable }).length === 0 ? value : undefined;
    },
    refuse: setRefused,
  };
}
