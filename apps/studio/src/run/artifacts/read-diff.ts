export type DiffRow =
  | { readonly kind: 'file'; readonly from: string; readonly to: string; readonly added: number; readonly removed: number }
  /** A place in a file, and what stands around it as git says it. */
  | { readonly kind: 'place'; readonly text: string }
  | { readonly kind: 'added' | 'removed' | 'same'; readonly before: number | null; readonly after: number | null; readonly text: string }
  /** All else that belongs to a diff: modes, renames, binary files. */
  | { readonly kind: 'note'; readonly text: string };

interface FileHead {
  /** Its row. */
  readonly at: number;
  /** Whether lines of it have come: what looks like a head is the head of another then. */
  placed: boolean;
  from: string;
  to: string;
  added: number;
  removed: number;
}

const PLACE = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** A unified diff as rows. Within a place, exactly as many lines as its head says are of the file; a diff that is cut ends where it is cut. */
export function readDiff(text: string): DiffRow[] {
  const rows: DiffRow[] = [];
  let file: FileHead | undefined;
  let [before, after, leftBefore, leftAfter] = [0, 0, 0, 0];
  const close = (): void => {
    if (file === undefined) return;
    const { at, placed: _placed, ...row } = file;
    rows[at] = { kind: 'file', ...row };
  };
  const open = (): FileHead => {
    close();
    const opened = { at: rows.length, placed: false, from: '', to: '', added: 0, removed: 0 };
    rows.push({ kind: 'file', from: '', to: '', added: 0, removed: 0 });
    file = opened;
    return opened;
  };
  for (const line of text.replace(/\r?\n$/, '').split(/\r?\n/)) {
    const mark = line[0] ?? ' ';
    if ((leftBefore > 0 || leftAfter > 0) && (mark === '+' || mark === '-' || mark === ' ')) {
      const own = line.slice(1);
      if (mark === '+') rows.push({ kind: 'added', before: null, after: after++, text: own });
      else if (mark === '-') rows.push({ kind: 'removed', before: before++, after: null, text: own });
      else rows.push({ kind: 'same', before: before++, after: after++, text: own });
      if (mark !== '+') leftBefore -= 1;
      if (mark !== '-') leftAfter -= 1;
      if (file !== undefined && mark === '+') file.added += 1;
      if (file !== undefined && mark === '-') file.removed += 1;
      continue;
    }
    const place = PLACE.exec(line);
    if (line.startsWith('diff --git ')) {
      const names = /^diff --git "?a\/(.*?)"? "?b\/(.*?)"?$/.exec(line);
      const opened = open();
      [opened.from, opened.to] = [names?.[1] ?? '', names?.[2] ?? line.slice('diff --git '.length)];
    } else if (place !== null) {
      [before, leftBefore, after, leftAfter] = [Number(place[1]), Number(place[2] ?? 1), Number(place[3]), Number(place[4] ?? 1)];
      (file ?? open()).placed = true;
      rows.push({ kind: 'place', text: line });
    } else if (line.startsWith('--- ')) {
      const known = file === undefined || file.placed ? open() : file;
      known.from = nameOf(line);
    } else if (line.startsWith('+++ ') && file !== undefined) file.to = nameOf(line);
    else if (line !== '') rows.push({ kind: 'note', text: line });
  }
  close();
  return rows;
}

/** The name in `--- a/name<tab>time`; empty for what is not there before or after. */
function nameOf(line: string): string {
  const name = line.slice(4).split('\t')[0]?.replace(/^"(.*)"$/, '$1') ?? '';
  return name === '/dev/null' ? '' : name.replace(/^[ab]\//, '');
}

/** What happened to a file, in words. */
export function fileText({ from, to }: Extract<DiffRow, { kind: 'file' }>): string {
  if (from === to || from === '') return from === '' && to !== '' ? `${to} (new)` : to === '' ? 'changes' : to;
  return to === '' ? `${from} (removed)` : `${from} → ${to}`;
}
