/** What is told about a deployment besides the kind of its target. */
export interface PushOutcome {
  readonly release: string;
  readonly previous: string | null;
  readonly changed: boolean;
  readonly repeated: boolean;
  readonly files: number | null;
  readonly bytes: number | null;
}

export type RollbackOutcome = Pick<PushOutcome, 'release' | 'previous' | 'changed' | 'repeated'> & { readonly commit?: string };
