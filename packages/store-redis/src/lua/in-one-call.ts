import { LUA_RUN_KEY } from '../keys.js';
import { APPLY, APPLY_STATUS } from './apply-entries.js';
import { PICK } from './hand-out.js';
import { PICK_BROUGHT } from './hand-over.js';
import { CLOCK, CLOCK_LAST } from './installation.js';
import { RESERVE } from './reservations.js';
import { APPEND_EVENTS, GRAB_TICKETS, OPEN_RUN, type RunWrite } from './run-scripts.js';
import { type Script, script } from './script.js';

/*
 * What takes several calls where the keys of a run and those of the installation are kept apart, in one call for a server that keeps
 * them together: the scripts of runs, each as a function, and the functions of the installation. What a write asks for is done without being
 * put into its outbox first. It is put there when anything fails, as if a process had died between two calls.
 */

function asFunction(name: string, { given }: RunWrite): string {
  return `local function ${name}(KEYS, ARGV)\n${given.source}\nend`;
}

const LEAVE = `
local function leaveIn(outbox, entries)
  for index = 1, #entries, 2 do redis.call('RPUSH', outbox, entries[index] .. ' ' .. entries[index + 1]) end
end`;

/** Does what a script of a run answers to be asked for, which comes last in its answer, after what others have left in the outbox; and answers what waits there then. */
const SETTLE = [
  ...APPLY,
  LEAVE,
  `
-- What writes of this call have asked for, each with its outbox; and the outboxes that nothing is left in.
local owed, isEmpty = {}, {}

local function settleLeft(runId, outbox)
  local waiting = redis.call('LRANGE', outbox, 0, 99)
  if #waiting == 0 then return waiting end
  local entries = {}
  for _, entry in ipairs(waiting) do
    local space = string.find(entry, ' ', 1, true)
    entries[#entries + 1] = string.sub(entry, 1, space - 1)
    entries[#entries + 1] = string.sub(entry, space + 1)
  end
  local _, isOneMissing = applyEntries(runId, entries)
  if isOneMissing then return waiting end
  redis.call('LTRIM', outbox, #waiting, -1)
  -- There are more where as many were answered as are at once.
  return #waiting == 100 and redis.call('LRANGE', outbox, 0, 99) or {}
end

local function settle(runId, outbox, reply, moreCome)
  local entries = reply[#reply]
  if type(entries) ~= 'table' then return reply end
  if #entries > 0 then
    owed[#owed + 1] = { outbox, entries }
    local _, isOneMissing = applyEntries(runId, entries, moreCome)
    if not isOneMissing then
      reply[#reply], isEmpty[outbox] = {}, true
      -- What others left was done, and not taken out.
      if run and run.ended == '1' then redis.call('DEL', outbox) end
      return reply
    end
    table.remove(owed)
    leaveIn(outbox, entries)
  end
  if not isEmpty[outbox] then reply[#reply] = settleLeft(runId, outbox) end
  return reply
end

local function inOneCall(act)
  local isDone, reply = pcall(function()
    local reply = act()
    writeLists()
    writeRun()
    announce()
    return reply
  end)
  if isDone then return reply end
  for _, left in ipairs(owed) do leaveIn(left[1], left[2]) end
  return error(reply, 0)
end
local function cutOff(list, count)
  local last = {}
  for index = count, 1, -1 do last[index] = table.remove(list) end
  return last
end`,
];

/** Picks tickets and makes their leases count in their runs. Answers the rows of what picks and, for each run in the order of those, what `GRAB_TICKETS` does. */
const HAND_OUT = `${LUA_RUN_KEY}
${asFunction('grab', GRAB_TICKETS)}
local function handOut(picking)
  local rows = pickTickets(unpack(picking))
  handsOut = false
  placeFresh()
  local runs, argsOf = {}, {}
  for _, row in ipairs(rows) do
    local runId = row[2]
    if not argsOf[runId] then
      runs[#runs + 1], argsOf[runId] = runId, {}
    end
    for _, value in ipairs({ row[1], row[6], row[7] }) do table.insert(argsOf[runId], value) end
  end
  local grabbed = {}
  for index, runId in ipairs(runs) do
    local outbox = runKey(base, runId, 'outbox')
    grabbed[index] = settle(runId, outbox, grab({ runKey(base, runId, 'tickets'), outbox }, argsOf[runId]))
  end
  return rows, grabbed
end`;

/** How many arguments there are for picking tickets. */
const PICKING = 7;

/**
 * A script of a run, and then what it asks for.
 * KEYS those of the script, then outbox, base
 * ARGV those of the script, then run, now
 * Returns what the script does.
 */
export function andSettle(write: RunWrite): Script {
  return script(
    `${write.name}-and-settle`,
    CLOCK_LAST,
    ...SETTLE,
    asFunction('write', write),
    `
local outbox, runId = table.remove(KEYS), table.remove(ARGV)
return inOneCall(function() return settle(runId, outbox, write(KEYS, ARGV)) end)`,
  );
}

/**
 * The same for a script that asks for another status at most, as most appends do that ask for anything: without the functions for all the rest,
 * which Lua would make anew for each call. What others left is answered as if they had to be kept apart.
 */
export function andChangeStatus(write: RunWrite): Script {
  return script(
    `${write.name}-and-change-status`,
    'local base, outbox, runId = table.remove(KEYS), table.remove(KEYS), table.remove(ARGV)',
    ...APPLY_STATUS,
    LEAVE,
    asFunction('write', write),
    `
local reply = write(KEYS, ARGV)
local given = reply[#reply]
if type(given) ~= 'table' then return reply end
local isDone, last, isOneMissing = true, nil, true
if #given > 0 then isDone, last, isOneMissing = pcall(applyEntries, runId, given) end
if isOneMissing or not isDone then leaveIn(outbox, given) end
if not isDone then return error(last, 0) end
reply[#reply] = isOneMissing and redis.call('LRANGE', outbox, 0, 99) or {}
return reply`,
  );
}

/**
 * The same for a script that queues tickets, and then a hand-out to a worker that stands by, if there is anything new to hand out.
 * KEYS those of the script, then outbox, base
 * ARGV those of the script, then run, then those of `PICK_TICKETS`, now last
 * Returns what the script does, the rows, and what was grabbed.
 */
export function andHandOut(write: RunWrite): Script {
  return script(
    `${write.name}-and-hand-out`,
    CLOCK_LAST,
    ...SETTLE,
    ...PICK,
    HAND_OUT,
    asFunction('write', write),
    `
local picking = cutOff(ARGV, ${String(PICKING)})
local outbox, runId = table.remove(KEYS), table.remove(ARGV)
handsOut = true
return inOneCall(function()
  local reply = settle(runId, outbox, write(KEYS, ARGV), true)
  local rows, grabbed = {}, {}
  if ready > 0 or next(fresh) then rows, grabbed = handOut(picking) end
  return { reply, rows, grabbed }
end)`,
  );
}

/** How many arguments a reservation has. */
const RESERVATION = 7;

const CREATE = `${RESERVE}
${asFunction('open', OPEN_RUN)}
local function createRun(keys, args)
  local reservation = cutOff(args, ${String(RESERVATION)})
  local answer, again = inTheWay(unpack(reservation))
  if answer then return answer end
  -- Nobody comes between this and the run but for a key, whose end is kept, and who has begun to create the run.
  if again or reservation[4] ~= '' then reserve(unpack(reservation)) else unreserved = reservation[1] end
  local opened = settle(reservation[1], keys[4], open(keys, args), true)
  return { again and 'again' or 'new', opened[1], opened[2] }
end`;

/**
 * Opens a run where nothing is in the way.
 * KEYS those of `OPEN_RUN`, then base
 * ARGV those of `OPEN_RUN`, then those of `RESERVE_RUN`, now last
 * Returns what `RESERVE_RUN` does and, for 'new' and 'again', what `OPEN_RUN` does.
 */
export const CREATE_RUN = script('create-run', CLOCK_LAST, ...SETTLE, CREATE, 'return inOneCall(function() return createRun(KEYS, ARGV) end)');

/**
 * The same, and then a hand-out to a worker that stands by; with a job of the new run that was prepared, what begins it, when its ticket is among
 * those handed out.
 * KEYS those of `OPEN_RUN`, then steps of the log, base
 * ARGV those of `OPEN_RUN`, of `RESERVE_RUN`, of `PICK_TICKETS`; those of `APPEND_EVENTS`; their number, which of their events is given the token, and the ticket; now
 * Returns what `CREATE_RUN` does, the rows, what was grabbed, and 1 when the job has begun.
 */
export const CREATE_AND_BEGIN = script(
  'create-and-begin',
  CLOCK_LAST,
  ...SETTLE,
  ...PICK,
  HAND_OUT,
  CREATE,
  asFunction('append', APPEND_EVENTS),
  `
local steps = table.remove(KEYS)
local count, withToken, ticket = unpack(cutOff(ARGV, 3), 1, 3)
local appending, picking = cutOff(ARGV, tonumber(count)), cutOff(ARGV, ${String(PICKING)})
local function begin(row)
  local at = 16 + tonumber(withToken)
  appending[3], appending[16] = row[7], appending[16] + #row[7] - 1
  appending[at] = string.gsub(appending[at], '"token":0', '"token":' .. row[7], 1)
  local reply = append({ KEYS[1], KEYS[2], KEYS[3], KEYS[4], steps }, appending)
  settle(row[2], KEYS[4], reply)
  return reply[1] == 'ok' and 1 or 0
end
-- Told once, of what it comes to.
local channel = ARGV[2]
ARGV[2] = ''
handsOut = true
return inOneCall(function()
  local created = createRun(KEYS, ARGV)
  local rows, grabbed, begun = {}, {}, 0
  if ready > 0 or next(fresh) then rows, grabbed = handOut(picking) end
  for _, row in ipairs(rows) do
    if row[1] == ticket then begun = begin(row) end
  end
  if begun == 0 and created[2] == 1 then
    redis.call('PUBLISH', channel, ARGV[5] .. ' ' .. ARGV[6])
    redis.call('PUBLISH', ARGV[3], '')
  end
  return { created, rows, grabbed, begun }
end)`,
);

function andGrab(name: string, pick: readonly string[]): Script {
  return script(
    name,
    CLOCK,
    ...SETTLE,
    ...pick,
    HAND_OUT,
    `
return inOneCall(function()
  local rows, grabbed = handOut({ unpack(ARGV, 2) })
  return { rows, grabbed }
end)`,
  );
}

export const TAKE_TICKETS = andGrab('take-tickets', PICK);
export const TAKE_OFFERED = andGrab('take-offered', PICK_BROUGHT);
