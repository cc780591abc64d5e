/** Whether a script opens its own output by name. It then needs pipes for which that works. */
export function reopensOutput(script: string): boolean {
  return /\/dev\/(stdout|stderr|fd\/)|\/proc\/[^\s/]{1,16}\/fd\//.test(script);
}

const REFUSED = /\/dev\/(stdout|stderr|fd\/\d)\S{0,8} {0,4}\S{0,40}No such device or address|ENXIO.{0,80}\/dev\/(stdout|stderr|fd\/\d)/;

/** What to do when a program that the script has called tried to and could not; `undefined` when that is not what happened. */
export function reopenHint(stderr: string): string | undefined {
  if (!REFUSED.test(stderr)) return undefined;
  return 'a program could not open its own output by name: it can where the script itself names it, as in the comment "# uses /dev/stderr"';
}
