import type { JsonValue } from '@kb-labs/contracts';

import { CodeBlock } from './code-block.js';

/** A value as JSON: any, or a view, whose parts are. */
export function JsonView({ value, label }: { readonly value: JsonValue | object; readonly label: string }) {
  return <CodeBlock text={JSON.stringify(value, null, 2)} language="json" label={label} />;
}
