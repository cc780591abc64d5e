/** Smaller ones are no longer seen as boxes. */
export const MIN_ZOOM = 0.1;
/** From here on down, text is a grey stripe. */
export const READABLE_ZOOM = 0.4;
/** Of a graph that is not shown as a whole. */
const BEGINNING_ZOOM = 0.8;
/** Of more nodes than this, the whole is worth more than what is written on them. */
const READ_ONE_BY_ONE = 40;
const EDGE = 16;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The whole graph, never enlarged. Its beginning, to be read, when the whole would be a stripe, or a few boxes without their names. */
export function firstView(graph: Size & { readonly nodes: ReadonlyMap<string, unknown> }, page: Size): { readonly x: number; readonly y: number; readonly zoom: number } {
  const fitting = Math.min(1, (page.width - 2 * EDGE) / graph.width, (page.height - 2 * EDGE) / graph.height);
  const whole = fitting >= (graph.nodes.size > READ_ONE_BY_ONE ? MIN_ZOOM : READABLE_ZOOM);
  if (!whole) return { x: EDGE, y: Math.max(EDGE, (page.height - graph.height * BEGINNING_ZOOM) / 2), zoom: BEGINNING_ZOOM };
  return { x: (page.width - graph.width * fitting) / 2, y: (page.height - graph.height * fitting) / 2, zoom: fitting };
}
