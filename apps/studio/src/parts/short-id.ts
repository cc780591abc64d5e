/** The end of an id, where ids of the same minute differ: `…3KSRGE7H`. */
export function shortId(id: string): string {
  return id.length <= 12 ? id : `…${id.slice(-8)}`;
}
