import type { JsonValue } from '@kb-labs/contracts';

import { CodeBlock } from './code-block.js';

/** A value as JSON. */
export function JsonView({ value, label }: { readonly value: JsonValue; readonly label: string }) {
  return <CodeBlock text={JSON.stringify(value, null, 2)} language="json" label={label} />;
}
