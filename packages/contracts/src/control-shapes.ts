import type { JsonObject } from './json.js';
import type { ControlName } from './uses.js';

const text: JsonObject = { type: 'string', minLength: 1, maxLength: 4096 };
const duration: JsonObject = { type: ['string', 'number'] };

const routeSchema: JsonObject = {
  oneOf: [
    { enum: ['continue', 'fail'] },
    {
      type: 'object',
      properties: { 'restart-from': { type: 'string' }, context: { type: 'object' } },
      required: ['restart-from'],
      additionalProperties: false,
    },
  ],
};

/**
 * What the engine's own steps take in `with:` and give as outputs, as JSON Schemas: read by the checks before a run and
 * again with the real values.
 */
export const CONTROL_SHAPES: { readonly [Name in ControlName]: { readonly input: JsonObject; readonly output: JsonObject } } = {
  approval: {
    input: {
      type: 'object',
      properties: {
        title: text,
        instructions: { type: 'string', maxLength: 65536 },
        context: {},
        approvers: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 256 }, minItems: 1, maxItems: 100 },
        expires: duration,
        form: { type: 'object' },
        'prevent-self-approval': { type: 'boolean', default: false },
      },
      required: ['title'],
      additionalProperties: false,
    },
    // The answers of the form stand beside these.
    output: {
      type: 'object',
      properties: { decision: { enum: ['approved', 'rejected'] }, approver: { type: 'string' }, comment: { type: 'string' }, decidedAt: { type: 'string' } },
      additionalProperties: true,
    },
  },
  gate: {
    input: {
      type: 'object',
      properties: {
        decision: {},
        routes: { type: 'object', additionalProperties: routeSchema },
        default: routeSchema,
        'max-iterations': { type: 'integer', minimum: 1, maximum: 10, default: 3 },
      },
      required: ['decision', 'routes'],
      additionalProperties: false,
    },
    output: {
      type: 'object',
      properties: { decision: {}, route: { enum: ['continue', 'fail', 'restart'] }, iteration: { type: 'integer' }, context: { type: 'object' } },
      additionalProperties: false,
    },
  },
  sleep: {
    input: {
      type: 'object',
      properties: { for: duration, until: { type: 'string' } },
      additionalProperties: false,
    },
    output: { type: 'object', properties: { until: { type: 'string' } }, additionalProperties: false },
  },
  wait: {
    input: {
      type: 'object',
      properties: { signal: { type: 'string', minLength: 1, maxLength: 256 }, callback: { type: 'boolean' }, timeout: duration },
      additionalProperties: false,
    },
    // The payload, when it is an object; another value is under `payload`.
    output: { type: 'object', additionalProperties: true },
  },
};
