import { NAVIGATION } from './navigation.js';

/** Every key there is, for the list that `?` opens. */
export const KEYS: readonly { readonly where: string; readonly keys: readonly (readonly [keys: string, does: string])[] }[] = [
  {
    where: 'Everywhere',
    keys: [
      ['Ctrl K', 'search and commands'],
      ['?', 'this list'],
      ...NAVIGATION.map(({ key, text }) => [`g ${key}`, `go to ${text}`] as const),
    ],
  },
  {
    where: 'List of runs',
    keys: [
      ['j / k', 'next, previous run'],
      ['Enter', 'open the run'],
      ['x', 'select the run'],
      ['Shift X', 'select up to the run'],
      ['Escape', 'select none'],
      ['/', 'search'],
    ],
  },
  { where: 'Workflows and plugins', keys: [['/', 'search']] },
  {
    where: 'A run',
    keys: [
      ['1 … 8', 'the tabs, from the left'],
      ['/', 'search the log'],
      ['n / N', 'next, previous hit'],
      ['f', 'follow the log'],
    ],
  },
  {
    where: 'A graph of jobs',
    keys: [
      ['← ↑ → ↓', 'the job in that direction'],
      ['Home / End', 'the first, the last job'],
      ['Enter', 'open the job'],
      ['Esc', 'close it'],
    ],
  },
];
