import { Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { AnchorLink } from './anchor-link.js';

interface Crumb {
  readonly text: string;
  readonly to: NonNullable<LinkProps['to']>;
}

interface PageProps {
  /** Of the window, and when `heading` is left out of the page. */
  readonly title: string;
  readonly heading?: ReactNode;
  readonly crumbs?: readonly Crumb[];
  readonly subtitle?: ReactNode;
  /** Buttons at the right. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** What every page has: the title of the window, one heading, where it belongs, what can be done. */
export function Page({ title, heading, crumbs = [], subtitle, actions, children }: PageProps) {
  useDocumentTitle(`${title} · Studio`);
  return (
    <Stack gap="md" component="article">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2} miw={0}>
          {crumbs.length === 0 ? null : (
            <Breadcrumbs aria-label="Breadcrumbs" component="nav" separatorMargin={6}>
              {crumbs.map(({ text, to }) => (
                <AnchorLink key={text} to={to} size="sm">
                  {text}
                </AnchorLink>
              ))}
              <span />
            </Breadcrumbs>
          )}
          <Title order={1} style={{ overflowWrap: 'anywhere' }}>
            {heading ?? title}
          </Title>
          {subtitle === undefined ? null : (
            <Text c="dimmed" component="div">
              {subtitle}
            </Text>
          )}
        </Stack>
        {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
