/** How containers are run at an installation. The limits hold where a step names none. */
export interface ContainerSettings {
  /** Podman, then Docker, whichever is there, when left out. */
  readonly program?: 'podman' | 'docker';
  /** The image of steps that name none. */
  readonly image?: string;
  /** Whether an image that is not here is fetched. `missing` when left out. */
  readonly pull?: 'missing' | 'never';
  /** Globs of the images that may be run, as they are written: `docker.io/library/node:*`. All when left out. */
  readonly images?: readonly string[];
  /** 1 GiB when left out. */
  readonly memoryBytes?: number;
  /** 512 processes and threads when left out. */
  readonly pids?: number;
  /** 2 when left out. */
  readonly cpus?: number;
}
