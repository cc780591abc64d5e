import type { RunSummaryView } from '@kb-labs/contracts';
import { expect, it } from 'vitest';

import { firstPages, runsOf, withLive, withOlder, type RunPages } from './run-pages.js';

const run = (id: string, status: RunSummaryView['status'] = 'success'): RunSummaryView => ({
  id,
  workflowId: 'w',
  workflowVersion: null,
  status,
  trigger: { type: 'manual', actor: 'ada', branch: null },
  createdAt: '2026-01-01T00:00:00Z',
  startedAt: null,
  finishedAt: null,
  durationMs: null,
});
const page = (ids: string, nextCursor?: string) => ({ items: ids.split('').map((id) => run(id)), ...(nextCursor === undefined ? {} : { nextCursor }) });
const ids = (pages: RunPages): string => runsOf(pages).map(({ id }) => id).join('');

it('shows the first page alone, and where it goes on, until more is asked for', () => {
  const first = firstPages(page('gfe', 'e'));
  expect([ids(first), first.next]).toEqual(['gfe', 'e']);
  const newer = withLive(first, page('hgf', 'f'));
  expect([ids(newer), newer.next]).toEqual(['hgf', 'f']);
});

it('keeps what a new run pushes out of the first page once older ones are shown', () => {
  const more = withOlder(firstPages(page('gfe', 'e')), page('dc', 'c'));
  expect([ids(more), more.next, more.pages]).toEqual(['gfedc', 'c', 2]);
  const newer = withLive(more, page('hgf', 'f'));
  expect([ids(newer), newer.next]).toEqual(['hgfedc', 'c']);
});

it('drops what the first page has looked at and not named', () => {
  const more = withOlder(firstPages(page('gfe', 'e')), page('dc', 'c'));
  // `f` is no longer asked for: the page goes on to `d`, which was read before.
  const newer = withLive(more, page('ged', 'd'));
  expect(ids(newer)).toBe('gedc');
  expect(ids(withLive(more, page('g')))).toBe('g');
});

it('goes on over pages in which nothing was found', () => {
  const empty = withOlder(firstPages(page('', 'e')), page('', 'c'));
  expect([ids(empty), empty.next, empty.pages]).toEqual(['', 'c', 2]);
  expect(ids(withOlder(empty, page('b')))).toBe('b');
});

it('has every run once, though pages overlap', () => {
  expect(ids(withOlder(firstPages(page('gfe', 'e')), page('ed', 'd')))).toBe('gfed');
});
