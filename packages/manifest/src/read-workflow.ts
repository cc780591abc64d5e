import { type Checked, type Diagnostic, type Finding, isJsonObject, type JsonValue, LIMITS, type Workflow, workflowSchema } from '@kb-labs/contracts';
import { contentDigest } from '@kb-labs/digest';

import { checkBounds } from './check-bounds.js';
import { checkControl } from './check-control.js';
import { checkExpressions } from './check-expressions.js';
import { checkInputs } from './check-inputs.js';
import { checkJobArtifacts } from './check-job-artifacts.js';
import { checkLinks } from './check-links.js';
import { checkMatrix } from './check-matrix.js';
import { checkPermissions } from './check-permissions.js';
import { findReferences } from './check-references.js';
import { checkSecrets } from './check-secrets.js';
import { checkShell } from './check-shell.js';
import { checkJobCount, checkSteps } from './check-steps.js';
import { checkTargets } from './check-targets.js';
import { checkTriggers } from './check-triggers.js';
import { checkUses } from './check-uses.js';
import { collectDiagnostics, readData } from './collect-diagnostics.js';
import { explainMisfit } from './explain-misfit.js';
import { locateFinding } from './locate.js';
import { outlineOf } from './outline.js';
import type { Source } from './read-document.js';

/** A workflow that passed every check that needs nothing but its text. */
export interface WorkflowDocument {
  readonly workflow: Workflow;
  /** Of the data as written: layout, comments and the choice of YAML or JSON do not change it. */
  readonly digest: string;
  readonly file: string;
  /** Without a byte order mark. Places count in it. */
  readonly text: string;
  /** Gives a finding of a later check its place. */
  locate(finding: Finding): Diagnostic;
}

export interface ReadOptions {
  /** How many combinations a matrix may have. Default `LIMITS.matrixCombinations`. */
  readonly matrixLimit?: number | undefined;
}

/** Reads a workflow from YAML, or from JSON if the file name ends in `.json`. Reports up to a hundred problems, in the order of the text. */
export function readWorkflow(source: Source, options: ReadOptions = {}): Checked<WorkflowDocument> {
  const { document, data } = readData(source, 'a workflow has at least "id" and "jobs"');
  if (data === undefined) return { ok: false, diagnostics: collectDiagnostics(document, []) };
  const tooMany = collectDiagnostics(document, checkJobCount(data));
  if (tooMany.length > document.problems.list.length) return { ok: false, diagnostics: tooMany };
  const parsed = workflowSchema.safeParse(data);
  const diagnostics = collectDiagnostics(document, findings(data, { fitsSchema: parsed.success, matrixLimit: options.matrixLimit ?? LIMITS.matrixCombinations }));
  if (!parsed.success || diagnostics.some((diagnostic) => diagnostic.severity === 'error')) return { ok: false, diagnostics };
  const value: WorkflowDocument = {
    workflow: parsed.data,
    digest: contentDigest('workflow', data),
    file: document.file,
    text: document.text,
    locate: (finding) => locateFinding(document, finding),
  };
  return { ok: true, value, diagnostics };
}

interface Around {
  readonly fitsSchema: boolean;
  readonly matrixLimit: number;
}

function* findings(data: JsonValue, around: Around): Generator<Finding> {
  let mistakes = 0;
  for (const finding of ownFindings(data, around)) {
    if (finding.severity !== 'warning') mistakes += 1;
    yield finding;
  }
  // Whoever reads on after a success checks the references with the plugins' schemas; after a failure nobody does.
  if (mistakes > 0 && isJsonObject(data)) yield* findReferences(outlineOf(data), () => undefined);
}

function* ownFindings(data: JsonValue, { fitsSchema, matrixLimit }: Around): Generator<Finding> {
  if (!fitsSchema) yield* explainMisfit(workflowSchema, data);
  if (!isJsonObject(data)) return;
  const outline = outlineOf(data);
  yield* checkTriggers(outline);
  yield* checkSteps(outline);
  yield* checkUses(outline);
  yield* checkControl(outline);
  yield* checkLinks(outline);
  yield* checkMatrix(outline, matrixLimit);
  yield* checkJobArtifacts(outline);
  yield* checkShell(outline);
  yield* checkBounds(outline);
  yield* checkInputs(outline);
  yield* checkPermissions(outline);
  yield* checkSecrets(outline);
  yield* checkTargets(outline);
  yield* checkExpressions(outline);
}
