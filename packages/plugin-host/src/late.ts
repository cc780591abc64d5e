/** Makes a value for the first who asks for it, and answers it from then on. */
export function late<Made>(make: () => Made): () => Made {
  let made: { readonly value: Made } | undefined;
  return () => (made ??= { value: make() }).value;
}
