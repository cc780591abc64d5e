/** Where something stands: `[docs/tour.md:12-20]`. A name that would break out of the brackets or the line is written as JSON. */
export function cite({ file, startLine, endLine }: { readonly file: string; readonly startLine: number; readonly endLine: number }): string {
  const lines = startLine === endLine ? String(startLine) : `${String(startLine)}-${String(endLine)}`;
  return `[${shownName(file)}:${lines}]`;
}

/** A name on one line, without characters that steer a terminal or the layout of text. */
export function shownName(file: string): string {
  if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}[\]"\\]/u.test(file)) return file;
  return JSON.stringify(file).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}[\]]/gu, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}
