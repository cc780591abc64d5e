#!/usr/bin/env node
import { writeManifest } from '../dist/build.js';

try {
  console.log(await writeManifest(process.argv[2] ?? process.cwd()));
} catch (error) {
  console.error(`kb-plugin-manifest: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
