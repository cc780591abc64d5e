/** What stands behind the `?` of an address, with some of it changed: `undefined` takes a part away. */
export function changeSearch<Search extends object>(search: Search, change: { readonly [Key in keyof Search]?: Search[Key] | undefined }): Search {
  return Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined)) as Search;
}
