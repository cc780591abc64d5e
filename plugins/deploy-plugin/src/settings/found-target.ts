/** Where to, and what the file says about the deployment. */
export interface Found<Target> {
  readonly target: Target;
  readonly version?: string | undefined;
  readonly url?: string | undefined;
}
