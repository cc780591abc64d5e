/** Where the workflow documents of a project come from. */
export interface WorkflowSources {
  list(): Promise<readonly WorkflowSource[]>;
  /** The documents that could have this id: all that have it, and perhaps more. Cheaper than `list`. */
  candidates(id: string): Promise<readonly WorkflowSource[]>;
}

export interface WorkflowSource {
  /** As shown to people: relative to the project. */
  readonly file: string;
  readonly text: string;
}
