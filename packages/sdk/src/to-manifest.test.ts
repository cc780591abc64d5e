import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { type CommandDefinition, type CommandHandler, defineCommand, definePlugin } from './define-plugin.js';
import { toManifest } from './to-manifest.js';

const greet = defineCommand({
  id: 'greet:person',
  describe: 'Says hello.',
  input: z.object({
    name: z.string().min(1),
    loud: z.boolean().default(false),
    to: z.object({ city: z.string() }).optional(),
    tags: z.record(z.string(), z.number()).optional(),
  }),
  output: z.object({ text: z.string(), lines: z.array(z.object({ n: z.number().int() })) }),
  permissions: { env: ['LANG'] },
  handler: './greet.js#default',
});

const pluginWith = (command: Partial<CommandDefinition>) =>
  definePlugin({ id: '@acme/greet', version: '1.0.0', commands: [{ ...greet, ...command }] });

describe('the manifest of a plugin', () => {
  it('carries identity, permissions and handlers as written', () => {
    const manifest = toManifest(pluginWith({ examples: ['kb greet person --name Ada'] }));
    expect(manifest).toMatchObject({
      schema: 1,
      id: '@acme/greet',
      version: '1.0.0',
      commands: [{ id: 'greet:person', handler: './greet.js#default', permissions: { env: ['LANG'] }, examples: ['kb greet person --name Ada'] }],
    });
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
  });

  it('closes every object, lets records be open, and does not require what has a default', () => {
    const [command] = toManifest(pluginWith({})).commands;
    expect(command?.input).toMatchObject({
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: {
        loud: { type: 'boolean', default: false },
        to: { additionalProperties: false, required: ['city'] },
        tags: { additionalProperties: { type: 'number' } },
      },
    });
    expect(command?.output).toMatchObject({
      additionalProperties: false,
      properties: { lines: { items: { additionalProperties: false } } },
    });
  });

  it('keeps an object open when its author says so', () => {
    const [command] = toManifest(pluginWith({ output: z.looseObject({ a: z.string() }) })).commands;
    expect(command?.output['additionalProperties']).not.toBe(false);
  });

  it.each([
    ['a transform', z.object({ a: z.string().transform(Number) })],
    ['a preprocessing', z.object({ a: z.preprocess(String, z.string()) })],
    ['a fallback', z.object({ a: z.string().catch('x') })],
    ['a coercion', z.object({ a: z.coerce.number() })],
    ['a custom check', z.object({ a: z.string().refine((text) => text !== 'b') })],
    ['a custom check of the whole', z.object({ a: z.string() }).refine(() => true)],
    ['a date', z.object({ a: z.date() })],
    ['a bigint', z.object({ a: z.bigint() })],
    ['an intersection, whose closed sides would refuse each other', z.object({ a: z.intersection(z.object({ b: z.string() }), z.object({ c: z.string() })) })],
  ])('refuses %s and says where', (_name, input) => {
    expect(() => toManifest(pluginWith({ input }))).toThrow(/greet:person input: /);
  });

  it('refuses two commands of one id, no command, and an id or handler of another form', () => {
    const doubled = definePlugin({ id: '@acme/greet', version: '1.0.0', commands: [greet, greet] });
    expect(() => toManifest(doubled)).toThrow('two commands are called greet:person');
    expect(() => toManifest({ id: 'x', version: '1.0.0', commands: [] })).toThrow();
    expect(() => toManifest(pluginWith({ id: 'greet' }))).toThrow(/group:command/);
    expect(() => toManifest(pluginWith({ handler: '/etc/greet.js' }))).toThrow(/handler/);
  });

  it('types the handler by the schemas', async () => {
    const handler: CommandHandler<typeof greet> = async (input) => ({
      text: input.loud ? input.name.toUpperCase() : input.name,
      lines: [{ n: 1 }],
    });
    // @ts-expect-error the output has no key "words"
    const wrong: CommandHandler<typeof greet> = async () => ({ words: '' });
    expect([typeof handler, typeof wrong]).toEqual(['function', 'function']);
  });
});
