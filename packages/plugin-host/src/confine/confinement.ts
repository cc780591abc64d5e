/**
 * Makes the command line that runs a program confined. The program's standard streams and exit code are those of the confined one: 127
 * when it is not there, 126 when it is no program.
 */
export interface Confinement {
  /** Fails with `TARGET_NOT_AVAILABLE` for a room that cannot be made. */
  wrap(inner: InnerProgram, room: Room): Promise<ConfinedProgram>;
}

export interface InnerProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What a confined program finds around it. Paths are absolute, and the same inside. */
export interface Room {
  readonly workspace: string;
  readonly workspaceAccess: 'none' | 'read' | 'write';
  /** Further folders and files of the host, read-only: the package of a plugin, what it depends on, the program that runs handlers. */
  readonly readable: readonly string[];
  /** The folders of the step outside of its workspace. */
  readonly writable: readonly string[];
  readonly network: boolean;
  readonly limits: { readonly memoryBytes?: number; readonly cpus?: number; readonly pids?: number };
  /** Containers only: id of the image to run. */
  readonly image?: string;
  /** Run, job and step: to find what was left behind. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface ConfinedProgram extends InnerProgram {
  /** See `ProcessOptions.terminate`: a container is told by its name, for who runs it may not hand on a signal that comes early. */
  readonly terminate?: () => Promise<boolean>;
  /** What signals to the started program do not reach: a container is ended by its name. Called after the process tree ended or must end. */
  readonly end?: () => Promise<void>;
  /** Runs a further program in the same room. */
  readonly inside: (inner: InnerProgram) => Promise<ConfinedProgram>;
}
