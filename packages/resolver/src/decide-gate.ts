import { isJsonObject, type JsonObject, type JsonValue, LIMITS } from '@kb-labs/contracts';

export type GateDecision =
  | { readonly route: 'continue' }
  | { readonly route: 'fail'; readonly problem: string }
  | { readonly route: 'restart'; readonly from: string; readonly context: JsonObject }
  /** It would go back, and has gone back `times` times, which is all it may. */
  | { readonly route: 'exhausted'; readonly times: number }
  | { readonly route: 'invalid'; readonly problem: string };

/**
 * Where a gate leads. `input` is its `with:` with values; `iteration` is how often this part of the job runs by now, from 1.
 * The decision is looked up by its text: strings as they are, numbers, `true`, `false` and `null` as JSON writes them.
 */
export function decideGate(input: JsonObject, iteration: number): GateDecision {
  const { decision, routes, 'max-iterations': max = LIMITS.gateIterationsDefault } = input;
  if (decision === undefined || (typeof decision === 'object' && decision !== null)) {
    return invalid('the decision has to be a text, a number, true, false or null');
  }
  if (!isJsonObject(routes)) return invalid('"routes" has to say where each decision leads');
  if (typeof max !== 'number' || !Number.isInteger(max) || max < 1 || max > LIMITS.gateIterations) {
    return invalid(`"max-iterations" has to be a whole number from 1 to ${LIMITS.gateIterations}`);
  }
  const text = typeof decision === 'string' ? decision : JSON.stringify(decision);
  const route = Object.hasOwn(routes, text) ? routes[text] : input['default'];
  if (route === undefined) return { route: 'fail', problem: `no route for ${shown(text)}, only for ${known(routes)}` };
  return follow(route, { text, iteration, max });
}

function follow(route: JsonValue, at: { text: string; iteration: number; max: number }): GateDecision {
  if (route === 'continue') return { route };
  if (route === 'fail') return { route, problem: `the decision was ${shown(at.text)}` };
  if (!isJsonObject(route)) return invalid(`the route for ${shown(at.text)} has to be "continue", "fail" or a step to go back to`);
  const { 'restart-from': from, context = {} } = route;
  if (typeof from !== 'string' || from === '') return invalid(`the route for ${shown(at.text)} has to name the step in "restart-from"`);
  if (!isJsonObject(context)) return invalid(`the "context" of the route for ${shown(at.text)} has to be an object`);
  return at.iteration < at.max ? { route: 'restart', from, context } : { route: 'exhausted', times: at.iteration - 1 };
}

function invalid(problem: string): GateDecision {
  return { route: 'invalid', problem };
}

const SHOWN_ROUTES = 20;
const SHOWN_CHARACTERS = 100;

function known(routes: JsonObject): string {
  const names = Object.keys(routes);
  if (names.length === 0) return 'nothing';
  const more = names.length > SHOWN_ROUTES ? ` and ${names.length - SHOWN_ROUTES} more` : '';
  return `${names.slice(0, SHOWN_ROUTES).map(shown).join(', ')}${more}`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}
