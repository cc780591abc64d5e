import { describe, expect, it } from 'vitest';

import { readDeliveryBody } from './read-delivery-body.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const FORM = 'application/x-www-form-urlencoded';

describe('the body of a delivery', () => {
  it.each([
    ['application/json', '{"a":[1]}', { a: [1] }],
    ['application/json; charset=utf-8', '{}', {}],
    ['application/cloudevents+json', '{"type":"x"}', { type: 'x' }],
    [undefined, '{"a":1}', { a: 1 }],
    ['application/json', '', {}],
    [FORM, 'command=%2Fdeploy&text=a+b', { command: '/deploy', text: 'a b' }],
    [FORM, `payload=${encodeURIComponent('{"type":"block_actions","n":1}')}`, { type: 'block_actions', n: 1 }],
  ])('%s: %s', (type, text, value) => {
    expect(readDeliveryBody(bytes(text), type)).toEqual(value);
  });

  it.each([
    ['text/plain', '{}', 'BODY_TYPE'],
    ['', '{}', 'BODY_TYPE'],
    ['application/json', '{"a"', 'REQUEST_INVALID'],
    ['application/json', `${'['.repeat(65)}${']'.repeat(65)}`, 'REQUEST_INVALID'],
    [FORM, `payload=${'['.repeat(65)}${']'.repeat(65)}`, 'REQUEST_INVALID'],
    [FORM, 'payload=1', 'REQUEST_INVALID'],
  ])('%s: %s is refused', (type, text, code) => {
    expect(() => readDeliveryBody(bytes(text), type)).toThrowError(expect.objectContaining({ code }) as Error);
  });
});
