/** One event of a stream. */
export interface SentEvent {
  /** `message` where none was named. */
  readonly type: string;
  /** The last id that was sent, with this event or before; empty when none was. */
  readonly id: string;
  readonly data: string;
}

/** Characters of one event: more than any the gateway sends. */
const MOST = 32 * 1024 * 1024;

/** The events in a body of the type `text/event-stream` (the HTML standard, "Server-sent events"). An event that is cut off is none. `onComment` hears of lines that say nothing but that somebody is there. */
export async function* readEventStream(body: AsyncIterable<Uint8Array>, onComment?: () => void): AsyncGenerator<SentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let id = '';
  let type = '';
  let data: string[] = [];
  let size = 0;
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?=[^\n])/);
    rest = lines.pop() ?? '';
    size += rest.length;
    if (size > MOST) throw new Error('an event is larger than any that is sent');
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { type: type === '' ? 'message' : type, id, data: data.join('\n') };
        type = '';
        data = [];
        size = 0;
        continue;
      }
      if (line.startsWith(':')) {
        onComment?.();
        continue;
      }
      const [name, value] = fieldOf(line);
      if (name === 'data') data.push(value);
      else if (name === 'event') type = value;
      else if (name === 'id' && !value.includes('\0')) id = value;
      size += value.length;
    }
  }
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}
