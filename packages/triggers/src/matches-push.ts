import type { PushFilter } from '@kb-labs/contracts';

import { accepts, type Automaton, toAutomaton } from './automaton.js';
import { readPattern } from './push-pattern.js';

/** What came to a repository. */
export interface Push {
  /** The full name: `refs/heads/main`. */
  readonly ref: string;
  readonly branch?: string;
  readonly tag?: string;
  /** The files it touched; `unknown`, also when left out: then filters of paths let it pass. */
  readonly paths?: readonly string[] | 'unknown';
}

export interface PushMatch {
  readonly matches: boolean;
  /** In words, either way. */
  readonly reason: string;
}

/**
 * Whether a push fits `on.push`, by GitHub's rules. Of the patterns of `branches`, `tags` and `paths` the last that fits
 * decides; one that fits is enough for the `-ignore` lists. Only tags filtered: no branch fits, and the other way round;
 * neither filtered: all fit. Paths are not looked at for tags. With `paths` one file has to fit, with `paths-ignore` one
 * has to be left over. Throws for a pattern that reading the document refuses.
 */
export function matchesPush(filter: PushFilter, push: Push): PushMatch {
  if (push.tag !== undefined) return matchesName('tag', push.tag, filter);
  if (push.branch === undefined) return no(`${push.ref} is neither a branch nor a tag`);
  const named = matchesName('branch', push.branch, filter);
  return named.matches ? matchesPaths(filter, push.paths ?? 'unknown', named) : named;
}

function matchesName(kind: 'branch' | 'tag', name: string, filter: PushFilter): PushMatch {
  const [own, other] = kind === 'branch' ? (['branches', 'tags'] as const) : (['tags', 'branches'] as const);
  const wanted = filter[own];
  const ignored = filter[`${own}-ignore`];
  if (wanted !== undefined) {
    return chosen(toRules(wanted), name) ? yes(`${kind} ${name} is in "${own}"`) : no(`${kind} ${name} is not in "${own}"`);
  }
  if (ignored !== undefined) {
    return chosen(toRules(ignored), name) ? no(`${kind} ${name} is in "${own}-ignore"`) : yes(`${kind} ${name} is not in "${own}-ignore"`);
  }
  const onlyOther = filter[other] !== undefined || filter[`${other}-ignore`] !== undefined;
  return onlyOther ? no(`only "${other}" are listened to, and ${name} is a ${kind}`) : yes(`every ${kind} is listened to`);
}

function matchesPaths(filter: PushFilter, paths: readonly string[] | 'unknown', named: PushMatch): PushMatch {
  const { paths: wanted, 'paths-ignore': ignored } = filter;
  if (wanted === undefined && ignored === undefined) return named;
  if (paths === 'unknown') return yes(`${named.reason}; the files are not known`);
  if (wanted !== undefined) {
    const rules = toRules(wanted);
    const found = paths.find((path) => chosen(rules, path));
    return found === undefined ? no('no file is in "paths"') : yes(`${named.reason}; ${found} is in "paths"`);
  }
  const rules = toRules(ignored ?? []);
  const left = paths.find((path) => !chosen(rules, path));
  return left === undefined ? no('all files are in "paths-ignore"') : yes(`${named.reason}; ${left} is not in "paths-ignore"`);
}

interface Rule {
  readonly excludes: boolean;
  readonly automaton: Automaton;
}

/** The last first: it decides. */
function toRules(patterns: readonly string[]): readonly Rule[] {
  return patterns.map(toRule).reverse();
}

function toRule(text: string): Rule {
  const read = readPattern(text);
  if (!read.ok) throw new Error(`the pattern ${JSON.stringify(text)}: ${read.problem.problem}`);
  return { excludes: read.pattern.excludes, automaton: toAutomaton(read.pattern.tokens) };
}

function chosen(rules: readonly Rule[], name: string): boolean {
  return rules.find((rule) => accepts(rule.automaton, name))?.excludes === false;
}

function yes(reason: string): PushMatch {
  return { matches: true, reason };
}

function no(reason: string): PushMatch {
  return { matches: false, reason };
}
