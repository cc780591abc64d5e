import { registerHooks } from 'node:module';

/**
 * The test runner starts Node with the condition `module`, under which the SDK offers files for bundlers that Node
 * cannot load. This takes it away again, so that a test loads the SDK as the product does. Import it first.
 */
registerHooks({
  resolve: (specifier, context, next) => next(specifier, { ...context, conditions: context.conditions.filter((condition) => condition !== 'module') }),
});
