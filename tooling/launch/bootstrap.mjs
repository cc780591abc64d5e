// This file must parse and run on a Node that is too old, to say that it is.
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(
    `kb: this is Node ${process.versions.node}; 20 or later is needed to set up (it then fetches the version it runs on).\n` +
      '    Install one from https://nodejs.org/en/download and run the same command again.',
  );
  process.exitCode = 1;
} else {
  import('./ensure-built.mjs')
    .then(({ ensureBuilt }) => ensureBuilt())
    .then(
      (code) => process.exit(code),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
}
