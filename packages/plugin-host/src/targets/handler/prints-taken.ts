import { finished } from 'node:stream';

/** Those that something was printed to. Node makes them for the first who asks, which takes it a while: a handler that prints nothing need not wait for that. */
const used: NodeJS.WriteStream[] = [];
for (const name of ['stdout', 'stderr'] as const) keepWhenMade(name);

/** Resolves once the system has what was printed: Node keeps what a full pipe does not take. `undefined`: it has it all. */
export function printsTaken(): Promise<unknown> | undefined {
  const kept = used.filter(({ writableLength }) => writableLength > 0);
  return kept.length === 0 ? undefined : Promise.all(kept.map((stream) => taken(stream)));
}

function keepWhenMade(name: 'stdout' | 'stderr'): void {
  const defined = Object.getOwnPropertyDescriptor(process, name);
  let stream: NodeJS.WriteStream | undefined;
  const get = (): NodeJS.WriteStream => {
    if (stream === undefined) used.push((stream = defined?.get?.call(process) as NodeJS.WriteStream));
    return stream;
  };
  Object.defineProperty(process, name, { ...defined, get });
}

function taken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writable) stream.write('', () => resolve());
    else finished(stream, () => resolve());
  });
}
