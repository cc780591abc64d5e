/** Where a step can be run, as documents and the configuration name it. */
export const TARGET_MODES = ['in-process', 'worker-pool', 'subprocess', 'container'] as const;
export type TargetMode = (typeof TARGET_MODES)[number];

/** How well a step is kept apart from the engine, the weakest first. `sandbox` is a subprocess that bubblewrap confines. */
export const ISOLATION_LEVELS = ['in-process', 'worker-pool', 'subprocess', 'sandbox', 'container'] as const;
/** Isolation a step really ran with. */
export type Isolation = (typeof ISOLATION_LEVELS)[number];

/** An image as the document names it, and the digest of what was run under that name. */
export interface ImageUsed {
  readonly reference: string;
  /** `sha256:` and hex, of the image's configuration. */
  readonly digest: string;
}

/** `[registry/]path[:tag][@sha256:…]`; nothing that a command line could take for an option. */
export const IMAGE_REFERENCE = /^(?=.{1,512}$)[A-Za-z0-9][A-Za-z0-9._:/-]*(?:@sha256:[a-f0-9]{64})?$/;

/** The digest at the end of a reference that names one content and no other. */
export function digestInReference(reference: string): string | undefined {
  return /@(sha256:[a-f0-9]{64})$/.exec(reference)?.[1];
}
