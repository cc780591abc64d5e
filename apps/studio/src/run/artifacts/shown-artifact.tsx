import { Anchor, Text } from '@mantine/core';
import { lazy, Suspense, useMemo } from 'react';

import { CodeBlock } from '../../parts/code-block.js';
import { Pending } from '../../parts/pending.js';
import { webAddress } from '../../parts/web-address.js';
import { DiffView } from './diff-view.js';
import { indentJson } from './indent-json.js';
import { IssuesView } from './issues-view.js';
import { LinesView } from './lines-view.js';
import type { Look } from './look-of.js';
import { PictureView } from './picture-view.js';
import { readIssues } from './read-issues.js';
import { readTable } from './read-table.js';
import { TableView } from './table-view.js';

const MarkdownText = lazy(() => import('../../parts/markdown.js').then(({ MarkdownText: component }) => ({ default: component })));

/** Longer texts are shown line by line: as one piece they would stop the page. */
const IN_ONE_PIECE = 200_000;

interface ShownArtifactProps {
  readonly look: Look;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly label: string;
}

/** An artifact by its type. What is not what its type says is shown as text. */
export function ShownArtifact({ look, bytes, label }: ShownArtifactProps) {
  switch (look.as) {
    case 'image':
      return <PictureView bytes={bytes} mime={look.mime} label={label} />;
    case 'nothing':
      return <Text c="dimmed">{look.why} Download it to look at it.</Text>;
    case 'link':
      return <LinkView text={look.text} />;
    case 'markdown':
      return look.text.length > IN_ONE_PIECE ? (
        <LinesView text={look.text} label={label} />
      ) : (
        <Suspense fallback={<Pending />}>
          <MarkdownText text={look.text} />
        </Suspense>
      );
    case 'table':
      return <MaybeTable text={look.text} label={label} />;
    case 'issues':
      return <MaybeIssues text={look.text} label={label} />;
    case 'diff':
      return <DiffView text={look.text} label={label} />;
    case 'json':
      return <JsonText text={look.text} label={label} />;
    case 'lines':
      return <LinesView text={look.text} label={label} />;
  }
}

function LinkView({ text }: { readonly text: string }) {
  const address = webAddress(text.trim());
  return address === undefined ? (
    <Text>
      <code>{text.trim().slice(0, 2_000)}</code> is no address of the web.
    </Text>
  ) : (
    <Anchor href={address} target="_blank" rel="noreferrer noopener" style={{ overflowWrap: 'anywhere' }}>
      {address}
    </Anchor>
  );
}

function MaybeTable({ text, label }: { readonly text: string; readonly label: string }) {
  const data = useMemo(() => readTable(text), [text]);
  return data === undefined ? <LinesView text={text} label={label} /> : <TableView data={data} label={label} />;
}

function MaybeIssues({ text, label }: { readonly text: string; readonly label: string }) {
  const issues = useMemo(() => readIssues(text), [text]);
  if (issues === undefined) return <JsonText text={text} label={label} />;
  return issues.length === 0 ? <Text>No issues were found.</Text> : <IssuesView issues={issues} label={label} />;
}

function JsonText({ text, label }: { readonly text: string; readonly label: string }) {
  const indented = useMemo(() => indentJson(text), [text]);
  return indented.length > IN_ONE_PIECE ? <LinesView text={indented} label={label} /> : <CodeBlock text={indented} language="json" label={label} />;
}
