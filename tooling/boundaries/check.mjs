// Usage: node tooling/boundaries/check.mjs
import { fileURLToPath } from 'node:url';
import { cruiseWorkspace } from './cruise-workspace.mjs';

const { modules, problems } = await cruiseWorkspace(fileURLToPath(new URL('../..', import.meta.url)));
for (const problem of problems) console.error(problem);
console.log(`boundaries: ${String(modules)} modules, ${String(problems.length)} problems`);
process.exitCode = problems.length === 0 && modules > 0 ? 0 : 1;
