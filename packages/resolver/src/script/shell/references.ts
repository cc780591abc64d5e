import type { Place, Render } from '../placing.js';

/**
 * The quoted references that stand for an expression in bash and sh. A line break inside the expression is kept as a
 * line continuation, which both shells drop.
 */

const EDGE = /[\s;&|<>()]/;

export function bareReference(text: string, place: Place): Render {
  const before = text[place.start - 1];
  const after = text[place.end];
  const alone = (before === undefined || EDGE.test(before)) && (after === undefined || EDGE.test(after));
  return (variable, breaks) => (alone && breaks === 0 ? `"$${variable}"` : `"${doubleReference(variable, breaks)}"`);
}

export const doubleReference: Render = (variable, breaks) => `\${${variable}}${'\\\n'.repeat(breaks)}`;

export const singleReference: Render = (variable, breaks) => `'"${doubleReference(variable, breaks)}"'`;

export const commentReference: Render = (variable, breaks) => `\${${variable}}${'\n#'.repeat(breaks)}`;
