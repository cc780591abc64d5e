import { toJsxRuntime } from 'hast-util-to-jsx-runtime';
import bash from 'highlight.js/lib/languages/bash';
import diff from 'highlight.js/lib/languages/diff';
import json from 'highlight.js/lib/languages/json';
import markdown from 'highlight.js/lib/languages/markdown';
import yaml from 'highlight.js/lib/languages/yaml';
import { createLowlight } from 'lowlight';
import { Fragment, jsx, jsxs } from 'react/jsx-runtime';

const lowlight = createLowlight({ bash, diff, json, markdown, yaml });

/** A text as elements, never as HTML: whatever it says stays text. */
export function Highlighted({ text, language }: { readonly text: string; readonly language: 'yaml' | 'json' | 'diff' | 'markdown' | 'bash' }) {
  return <code>{toJsxRuntime(lowlight.highlight(language, text), { Fragment, jsx, jsxs })}</code>;
}
