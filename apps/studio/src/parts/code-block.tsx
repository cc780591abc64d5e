import { Group, ScrollArea, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';

import classes from './code-block.module.css';
import { Copy } from './copy.js';

const Highlighted = lazy(() => import('./highlighted.js').then(({ Highlighted: component }) => ({ default: component })));

type CodeLanguage = 'yaml' | 'json' | 'diff' | 'markdown' | 'bash' | 'text';

/** Longer ones are shown without colours. */
const COLOURED = 200_000;

interface CodeBlockProps {
  readonly text: string;
  readonly language: CodeLanguage;
  /** Says what it is. */
  readonly label: string;
  readonly maxHeight?: number;
  /** Lines, from 1, that something is said of. */
  readonly marks?: readonly { readonly line: number; readonly severity: 'error' | 'warning'; readonly message: string }[];
}

/** A text as written, with the numbers of its lines. */
export function CodeBlock({ text, language, label, maxHeight = 560, marks = [] }: CodeBlockProps) {
  const lines = text.replace(/\n$/, '').split('\n').length;
  return (
    <figure className={classes['block']}>
      <Group component="figcaption" justify="space-between" px="sm" py={4} className={classes['caption']}>
        <Text size="xs" c="dimmed">
          {label}
        </Text>
        <Copy text={text} what={label} />
      </Group>
      <ScrollArea.Autosize mah={maxHeight} type="auto" viewportProps={{ tabIndex: 0, role: 'group', 'aria-label': label }}>
        <div className={classes['body']}>
          <pre className={classes['numbers']} aria-hidden>
            {marks.length === 0 ? Array.from({ length: lines }, (_, index) => String(index + 1)).join('\n') : <MarkedNumbers lines={lines} marks={marks} />}
          </pre>
          <pre className={classes['code']}>
            {language === 'text' || text.length > COLOURED ? (
              <code>{text}</code>
            ) : (
              <Suspense fallback={<code>{text}</code>}>
                <Highlighted text={text} language={language} />
              </Suspense>
            )}
          </pre>
        </div>
      </ScrollArea.Autosize>
    </figure>
  );
}

function MarkedNumbers({ lines, marks }: { readonly lines: number; readonly marks: NonNullable<CodeBlockProps['marks']> }) {
  return Array.from({ length: lines }, (_, index) => {
    const mark = marks.find(({ line }) => line === index + 1);
    return (
      <span key={index} data-severity={mark?.severity} title={mark?.message}>
        {mark === undefined ? '' : mark.severity === 'error' ? '✕ ' : '! '}
        {`${String(index + 1)}\n`}
      </span>
    );
  });
}
