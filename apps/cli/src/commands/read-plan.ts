import type { RunPlan } from '@kb-labs/contracts';
import type { OfflineComposition } from '@kb-labs/daemon';
import { checkDocument } from '@kb-labs/engine/check-document';

/** What a document comes to with its defaults filled in and without inputs; nothing when it has errors. */
export async function readPlan({ deps }: Pick<OfflineComposition, 'deps'>, { id, file }: { id: string; file: string }): Promise<RunPlan | undefined> {
  const source = (await deps.workflows.candidates(id)).find((one) => one.file === file);
  if (source === undefined) return undefined;
  return (await checkDocument(source, deps)).checked?.plan;
}
