import { LUA_RUN_KEY } from '../keys.js';
import { APPLY_QUIETLY } from './apply-entries.js';
import { PICK_TICKETS } from './hand-out.js';
import { PICK_OFFERED } from './hand-over.js';
import { RESERVE_RUN } from './reservations.js';
import { APPEND_EVENTS, GRAB_TICKETS, OPEN_RUN } from './run-scripts.js';
import { type Script, script } from './script.js';

/*
 * What takes several calls where the keys of a run and those of the installation are kept apart, in one call for a server that keeps
 * them together: the same scripts, each as a function, one after the other. What is left when one of them fails is what a process leaves that
 * died between two calls.
 */

function asFunction(name: string, { source }: Script): string {
  return `local function ${name}(KEYS, ARGV)\n${source}\nend`;
}

/** Does what a script of a run answers to wait in its outbox, which comes last in its answer, and answers what waits then. At the end whoever waits for tickets is told, of those that were not handed out. */
const SETTLE = `${asFunction('applyEntries', APPLY_QUIETLY)}
local readied, freed = 0, false
local function settle(base, now, run, outbox, reply)
  local waiting = reply[#reply]
  if type(waiting) ~= 'table' or #waiting == 0 then return reply end
  local args = { now, run }
  for _, entry in ipairs(waiting) do
    local space = string.find(entry, ' ', 1, true)
    args[#args + 1] = string.sub(entry, 1, space - 1)
    args[#args + 1] = string.sub(entry, space + 1)
  end
  local done = applyEntries({ base }, args)
  if done[1] == 'gap' then return reply end
  readied, freed = readied + (done[2] or 0), freed or done[3] == true
  redis.call('LTRIM', outbox, #waiting, -1)
  -- There are more where as many were answered as are at once.
  reply[#reply] = #waiting == 100 and redis.call('LRANGE', outbox, 0, 99) or {}
  return reply
end
local function announceBut(base, handedOut)
  local ready = readied > handedOut
  if ready or freed then redis.call('PUBLISH', K.ready, ready and '' or 'room') end
end
local function cutOff(list, count)
  local last = {}
  for index = count, 1, -1 do last[index] = table.remove(list) end
  return last
end`;

/** Picks tickets and makes their leases count in their runs. Answers the rows of the script that picks and, for each run in the order of those, what `GRAB_TICKETS` does. */
function handingOut(pick: Script): string {
  return `${LUA_RUN_KEY}
${asFunction('pick', pick)}
${asFunction('grab', GRAB_TICKETS)}
local function handOut(base, args)
  local rows = pick({ base }, args)
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
    grabbed[index] = settle(base, args[1], run, outbox, grab({ runKey(base, run, 'tickets'), outbox }, argsOf[run]))
  end
  return rows, grabbed
end`;
}

/** How many arguments there are for picking tickets. */
const PICKING = 8;

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
local reply = settle(base, now, run, outbox, write(KEYS, ARGV))
announceBut(base, 0)
return reply`,
  );
}

/**
 * The same for a script that queues tickets, and then a hand-out to a worker that stands by, if there is anything new to hand out.
 * KEYS those of the script, then base, outbox
 * ARGV those of the script, then now, run, then those of `PICK_TICKETS`
 * Returns what the script does, the rows, and what was grabbed.
 */
export function andHandOut(write: Script): Script {
  return script(
    `${write.name}-and-hand-out`,
    SETTLE,
    handingOut(PICK_TICKETS),
    asFunction('write', write),
    `
local outbox, base = table.remove(KEYS), table.remove(KEYS)
local picking = cutOff(ARGV, ${String(PICKING)})
local run, now = table.remove(ARGV), table.remove(ARGV)
local reply = settle(base, now, run, outbox, write(KEYS, ARGV))
local rows, grabbed = {}, {}
if readied > 0 then rows, grabbed = handOut(base, picking) end
announceBut(base, #rows)
return { reply, rows, grabbed }`,
  );
}

/** How many arguments a reservation has. */
const RESERVATION = 8;

const CREATE = `
local function create(base, keys, args)
  local reservation = cutOff(args, ${String(RESERVATION)})
  local reserved = reserve({ base }, reservation)
  if reserved[1] ~= 'new' and reserved[1] ~= 'again' then return reserved end
  local opened = settle(base, reservation[1], reservation[2], keys[4], open(keys, args))
  return { reserved[1], opened[1], opened[2] }
end`;

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
  CREATE,
  `
local base = table.remove(KEYS)
local created = create(base, KEYS, ARGV)
announceBut(base, 0)
return created`,
);

/**
 * The same, and then a hand-out to a worker that stands by; with a job of the new run that was prepared, what begins it, when its ticket is among
 * those handed out.
 * KEYS those of `OPEN_RUN`, then steps of the log, base
 * ARGV those of `OPEN_RUN`, of `RESERVE_RUN`, of `PICK_TICKETS`; those of `APPEND_EVENTS`; their number, which of their events is given the token, and the ticket
 * Returns what `CREATE_RUN` does, the rows, what was grabbed, and 1 when the job has begun.
 */
export const CREATE_AND_BEGIN = script(
  'create-and-begin',
  SETTLE,
  handingOut(PICK_TICKETS),
  asFunction('reserve', RESERVE_RUN),
  asFunction('open', OPEN_RUN),
  asFunction('append', APPEND_EVENTS),
  CREATE,
  `
local base, steps = table.remove(KEYS), table.remove(KEYS)
local count, withToken, ticket = unpack(cutOff(ARGV, 3), 1, 3)
local appending, picking = cutOff(ARGV, tonumber(count)), cutOff(ARGV, ${String(PICKING)})
local created = create(base, KEYS, ARGV)
local rows, grabbed, begun = {}, {}, 0
if readied > 0 then rows, grabbed = handOut(base, picking) end
for _, row in ipairs(rows) do
  if row[1] == ticket then
    local at = 16 + tonumber(withToken)
    appending[3] = row[7]
    appending[at] = string.gsub(appending[at], '"token":0', '"token":' .. row[7], 1)
    local reply = append({ KEYS[1], KEYS[2], KEYS[3], KEYS[4], steps }, appending)
    begun = reply[1] == 'ok' and 1 or 0
    settle(base, picking[1], row[2], KEYS[4], reply)
  end
end
announceBut(base, #rows)
return { created, rows, grabbed, begun }`,
);

function andGrab(pick: Script): Script {
  return script(
    `${pick.name}-and-grab`,
    SETTLE,
    handingOut(pick),
    `
local rows, grabbed = handOut(KEYS[1], ARGV)
announceBut(KEYS[1], 0)
return { rows, grabbed }`,
  );
}

export const TAKE_TICKETS = andGrab(PICK_TICKETS);
export const TAKE_OFFERED = andGrab(PICK_OFFERED);
