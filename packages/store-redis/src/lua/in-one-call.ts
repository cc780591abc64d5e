import { LUA_RUN_KEY } from '../keys.js';
import { APPLY_ENTRIES } from './apply-entries.js';
import { PICK_TICKETS } from './hand-out.js';
import { PICK_OFFERED } from './hand-over.js';
import { RESERVE_RUN } from './reservations.js';
import { GRAB_TICKETS, OPEN_RUN } from './run-scripts.js';
import { type Script, script } from './script.js';

/*
 * What takes several calls where the keys of a run and those of the installation are kept apart, in one call for a server that keeps
 * them together: the same scripts, each as a function, one after the other. What is left when one of them fails is what a process leaves that
 * died between two calls.
 */

function asFunction(name: string, { source }: Script): string {
  return `local function ${name}(KEYS, ARGV)\n${source}\nend`;
}

/** Does what a script of a run answers to wait in its outbox, which comes last in its answer, and answers what waits then. */
const SETTLE = `${asFunction('applyEntries', APPLY_ENTRIES)}
local function settle(base, now, run, outbox, reply)
  local waiting = reply[#reply]
  if type(waiting) ~= 'table' or #waiting == 0 then return reply end
  local args = { now, run }
  for _, entry in ipairs(waiting) do
    local space = string.find(entry, ' ', 1, true)
    args[#args + 1] = string.sub(entry, 1, space - 1)
    args[#args + 1] = string.sub(entry, space + 1)
  end
  if applyEntries({ base }, args)[1] == 'gap' then return reply end
  redis.call('LTRIM', outbox, #waiting, -1)
  -- There are more where as many were answered as are at once.
  reply[#reply] = #waiting == 100 and redis.call('LRANGE', outbox, 0, 99) or {}
  return reply
end`;

/**
 * A script of a run, and then what waits in its outbox.
 * KEYS those of the script, then base, outbox
 * ARGV those of the script, then now, run
 * Returns what the script does.
 */
export function andSettle(write: Script): Script {
  return script(
    `${write.name}-and-settle`,
    SETTLE,
    asFunction('write', write),
    `
local outbox, base = table.remove(KEYS), table.remove(KEYS)
local run, now = table.remove(ARGV), table.remove(ARGV)
return settle(base, now, run, outbox, write(KEYS, ARGV))`,
  );
}

/** How many arguments a reservation has. */
const RESERVATION = 8;

/**
 * Reserves a run and, where nothing is in the way, opens it.
 * KEYS those of `OPEN_RUN`, then base
 * ARGV those of `OPEN_RUN`, then those of `RESERVE_RUN`
 * Returns what `RESERVE_RUN` does and, for 'new' and 'again', what `OPEN_RUN` does.
 */
export const CREATE_RUN = script(
  'create-run',
  SETTLE,
  asFunction('reserve', RESERVE_RUN),
  asFunction('open', OPEN_RUN),
  `
local base, reservation = table.remove(KEYS), {}
for index = ${String(RESERVATION)}, 1, -1 do reservation[index] = table.remove(ARGV) end
local reserved = reserve({ base }, reservation)
if reserved[1] ~= 'new' and reserved[1] ~= 'again' then return reserved end
local opened = settle(base, reservation[1], reservation[2], KEYS[4], open(KEYS, ARGV))
return { reserved[1], opened[1], opened[2] }`,
);

/**
 * Picks tickets and makes their leases count in their runs.
 * KEYS 1 base
 * ARGV those of the script that picks
 * Returns the rows of that script and, for each run in the order of those, what `GRAB_TICKETS` does.
 */
function andGrab(pick: Script): Script {
  return script(
    `${pick.name}-and-grab`,
    LUA_RUN_KEY,
    SETTLE,
    asFunction('pick', pick),
    asFunction('grab', GRAB_TICKETS),
    `
local base, now = KEYS[1], ARGV[1]
local rows = pick(KEYS, ARGV)
local runs, argsOf = {}, {}
for _, row in ipairs(rows) do
  local run = row[2]
  if not argsOf[run] then
    runs[#runs + 1], argsOf[run] = run, {}
  end
  for _, value in ipairs({ row[1], row[6], row[7] }) do table.insert(argsOf[run], value) end
end
local grabbed = {}
for index, run in ipairs(runs) do
  local outbox = runKey(base, run, 'outbox')
  grabbed[index] = settle(base, now, run, outbox, grab({ runKey(base, run, 'tickets'), outbox }, argsOf[run]))
end
return { rows, grabbed }`,
  );
}

export const TAKE_TICKETS = andGrab(PICK_TICKETS);
export const TAKE_OFFERED = andGrab(PICK_OFFERED);
