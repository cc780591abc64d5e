import type { Finding, JsonObject, Workflow } from '@kb-labs/contracts';
import { callsOf, type FunctionCall, referencesOf } from '@kb-labs/expressions';

import { shorten } from './build-tree.js';
import { checkWith } from './check-with.js';
import type { CommandShape, ShapeLookup } from './command-shape.js';
import { type ExpressionPlace, expressionPlaces, parsePlace } from './expression-places.js';
import { PROBLEM_CAP } from './located.js';
import { type Outline, outlineOf, type StepOutline } from './outline.js';
import { type ReferenceProblem, referenceProblem } from './reference-problem.js';
import { report, suggestNear } from './report.js';
import { ROOMS } from './rooms.js';
import { shapeOfStep } from './step-shape.js';

/**
 * Everything a workflow refers to that does not exist: contexts, inputs, variables, jobs, steps, outputs and functions at
 * places where they mean nothing, and values of `with:` that do not fit their command or workflow. At most the first hundred.
 */
export function checkReferences(workflow: Workflow, lookup: ShapeLookup): Finding[] {
  return [...findReferences(outlineOf(workflow as JsonObject), lookup).take(PROBLEM_CAP)];
}

/** The same over data that may have other mistakes. */
export function* findReferences(outline: Outline, lookup: ShapeLookup): Generator<Finding> {
  const shapes = new Map<StepOutline, CommandShape | undefined>();
  const shapeOf = (step: StepOutline): CommandShape | undefined => {
    if (!shapes.has(step)) shapes.set(step, shapeOfStep(step, lookup));
    return shapes.get(step);
  };
  for (const place of expressionPlaces(outline)) {
    for (const { expression, base } of parsePlace(place).expressions) {
      for (const reference of referencesOf(expression)) {
        const problem = referenceProblem(reference, { outline, place, shapeOf });
        if (problem !== undefined) yield toFinding(place, base + reference.offset, problem);
      }
      for (const call of callsOf(expression)) {
        const problem = callProblem(call, place);
        if (problem !== undefined) yield toFinding(place, base + call.offset, problem);
      }
    }
  }
  yield* checkWith(outline, shapeOf);
}

function toFinding(place: ExpressionPlace, offset: number, { problem, hint }: ReferenceProblem): Finding {
  return report('EXPRESSION_REFERENCE', place.path, { details: { problem }, hint, offset });
}

function callProblem(call: FunctionCall, place: ExpressionPlace): ReferenceProblem | undefined {
  const room = ROOMS[place.field];
  switch (call.name) {
    case 'hashFiles':
      if (room.hashFiles) return undefined;
      return { problem: `hashFiles() has no files to read ${room.called}`, hint: 'call it in a field of a step' };
    case 'success':
    case 'failure':
    case 'always':
    case 'cancelled':
      if (!room.status) return { problem: `${call.name}() means nothing ${room.called}`, hint: 'call it in "if"' };
      return statusArguments(call, place);
    default:
      return undefined;
  }
}

function statusArguments(call: FunctionCall, place: ExpressionPlace): ReferenceProblem | undefined {
  if (call.literalArgs.length === 0) return undefined;
  if (place.field === 'step-if') {
    return { problem: `${call.name}() takes no names in the "if" of a step`, hint: 'ask for one step with steps.<id>.conclusion' };
  }
  const needs = [...(place.job?.needs.keys() ?? [])];
  // Names of jobs are compared as written here: they are arguments, not properties.
  const missing = call.literalArgs.find((name) => name !== null && !needs.includes(name));
  if (typeof missing !== 'string') return undefined;
  const whole = missing.replace(/\.\d+$/, '');
  if (whole !== missing && needs.includes(whole)) return { problem: `${call.name}() cannot ask for one combination`, hint: `ask for the whole job: "${whole}"` };
  return { problem: `${call.name}() asks for the job "${shorten(missing)}", which is not in "needs"`, hint: suggestNear(missing, needs) ?? `add "${shorten(missing)}" to "needs"` };
}
