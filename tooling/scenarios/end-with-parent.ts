const LOOK_MS = 500;

/** Ends this process when the one that started it is gone: a test that is given up must not leave somebody behind who asks for ever. */
export function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, LOOK_MS).unref();
}
