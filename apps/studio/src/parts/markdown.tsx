import { Anchor, Code, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import Markdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';

import classes from './markdown.module.css';
import { webAddress } from './web-address.js';
import { WideTable } from './wide-table.js';

/**
 * Markdown that somebody wrote, whoever that was: HTML in it is shown as text, images are links, links lead to the web and nowhere else.
 * Loaded by `lazy`, because it is large.
 */
export function MarkdownText({ text }: { readonly text: string }) {
  return (
    <div className={classes['text']}>
      <Markdown remarkPlugins={[remarkGfm]} components={COMPONENTS} urlTransform={(url) => webAddress(url) ?? ''}>
        {text}
      </Markdown>
    </div>
  );
}

const COMPONENTS: Components = {
  a: ({ href, children }) => (href === undefined || href === '' ? <span>{children}</span> : <Outside href={href}>{children}</Outside>),
  img: ({ src, alt }) => (typeof src !== 'string' || src === '' ? <span>{alt}</span> : <Outside href={src}>{alt === undefined || alt === '' ? src : alt}</Outside>),
  // A page has its own headings.
  h1: ({ children }) => <p className={classes['heading']}>{children}</p>,
  h2: ({ children }) => <p className={classes['heading']}>{children}</p>,
  h3: ({ children }) => <p className={classes['heading']}>{children}</p>,
  h4: ({ children }) => <p className={classes['heading']}>{children}</p>,
  h5: ({ children }) => <p className={classes['heading']}>{children}</p>,
  h6: ({ children }) => <p className={classes['heading']}>{children}</p>,
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
  code: ({ children }) => <Code>{children}</Code>,
  table: ({ children }) => (
    <WideTable minWidth={0} label="Table">
      <Table withTableBorder>{children}</Table>
    </WideTable>
  ),
};

function Outside({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  return (
    <Anchor href={href} target="_blank" rel="noreferrer noopener" underline="always">
      {children}
    </Anchor>
  );
}
