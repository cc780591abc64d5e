/** Whether a tool is meant by a pattern. `*` stands for any characters but `/`; alone it means every tool. Linear in text times pattern. */
export function fitsTool(pattern: string, tool: string): boolean {
  if (pattern === '*') return true;
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let from = 0;
  while (at < tool.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern;
      from = at;
      inPattern += 1;
    } else if (pattern[inPattern] === tool[at]) {
      inPattern += 1;
      at += 1;
    } else {
      // The last star takes one more, unless that is where a name ends.
      if (star < 0 || tool[from] === '/') return false;
      from += 1;
      at = from;
      inPattern = star + 1;
    }
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}
