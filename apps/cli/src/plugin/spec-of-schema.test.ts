import type { JsonObject, PluginCommand } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { parseArgs } from '../parse-args.js';
import { specOfSchema } from './spec-of-schema.js';

const command: PluginCommand = {
  id: 'git:diff',
  describe: 'Shows changes.',
  input: {
    type: 'object',
    properties: {
      base: { type: 'string', description: 'Where to start' },
      contextLines: { type: 'integer', default: 3 },
      staged: { type: 'boolean', default: true },
      paths: { type: 'array', items: { type: 'string' } },
      level: { type: 'string', enum: ['fast', 'full'] },
      rules: { type: 'object' },
      value: { anyOf: [{ type: 'string' }, { type: 'number' }] },
      input: { type: 'string' },
    },
    required: ['base'],
  },
  output: {},
  permissions: {},
  handler: './x.js#default',
};

function input(...tokens: string[]): JsonObject {
  const { spec, toInput } = specOfSchema(command);
  return toInput(parseArgs(tokens, spec.options));
}

describe('specOfSchema', () => {
  it('reads options by the schema of the input', () => {
    expect(input('--base', 'main', '--context-lines=5', '--staged=false', '--paths=a', '--paths', 'b', '--level=fast')).toEqual({
      base: 'main',
      contextLines: 5,
      staged: false,
      paths: ['a', 'b'],
      level: 'fast',
    });
  });

  it('says nothing about what was not given, so that defaults hold', () => {
    expect(input('--base=main')).toEqual({ base: 'main' });
  });

  it('reads JSON where the schema asks for more than text', () => {
    expect(input('--rules={"disable":["x"]}', '--value=5')).toEqual({ rules: { disable: ['x'] }, value: 5 });
    expect(input('--value=main')).toEqual({ value: 'main' });
    expect(() => input('--rules={')).toThrow('--rules takes JSON');
  });

  it('takes the whole input at once, options winning, and a property that has the name of an option', () => {
    expect(input('--input={"base":"a","contextLines":1,"input":"x"}', '--base=b')).toEqual({ base: 'b', contextLines: 1, input: 'x' });
    expect(() => input('--input=[]')).toThrow('--input takes a JSON object');
  });

  it('names the nearest option', () => {
    expect(() => input('--bsae=x')).toThrow('unknown option "--bsae"');
  });

  it('describes options with their defaults', () => {
    expect(specOfSchema(command).spec.options).toMatchObject({ base: { describe: 'Where to start (required)' }, 'context-lines': { describe: 'contextLines (default 3)', type: 'integer' } });
  });
});
