// Usage: node tooling/declarations/emit.mjs
import { fileURLToPath } from 'node:url';
import { emitDeclarations } from './emit-declarations.mjs';
import { checkDeclarations } from './check-declarations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = emitDeclarations(root);
const problems = checkDeclarations(root, packages);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
