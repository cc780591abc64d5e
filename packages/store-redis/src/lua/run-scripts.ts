import { type Script, script } from './script.js';

/*
 * Scripts that touch the keys of one run and nothing else. In all of them a ticket is `<incarnation>:<token>:<held>`: the
 * incarnation is the number of the outbox entry that queued it, so that a hand-out can be told from one of an earlier
 * ticket of the same id; the token is the last one it was handed out with, kept when it is given back.
 */
const IS_HELD = `
local function readTicket(key, id)
  local packed = redis.call('HGET', key, id)
  if not packed then return nil end
  local incarnation, token, held = string.match(packed, '^(%d+):(%d+):(%d)$')
  return { incarnation = incarnation, token = token, held = held == '1' }
end
local function isHeld(key, id, token)
  local ticket = readTicket(key, id)
  return ticket ~= nil and ticket.held and ticket.token == token
end`;

const ARE_HELD = `
-- (id, token)…
local function areHeld(key, fences)
  local ids = {}
  for index = 1, #fences, 2 do ids[#ids + 1] = fences[index] end
  if #ids == 0 then return true end
  for index, packed in ipairs(redis.call('HMGET', key, unpack(ids))) do
    if not packed or string.match(packed, '^%d+:(%d+:%d)$') ~= fences[2 * index] .. ':1' then return false end
  end
  return true
end`;

/** A server whose memory is full refuses a script at its first write that could take more. What frees something has another one first. */
const EVEN_WHEN_FULL = `redis.call('HDEL', KEYS[1], '')`;

/** The list that keeps what a write asks for until it is done, as `<n> <entry>`. */
const KEPT = `
local function put(outbox, n, entry) redis.call('RPUSH', outbox, n .. ' ' .. entry) end
local function waiting(outbox) return redis.call('LRANGE', outbox, 0, 99) end`;

/** Nothing is kept: whoever calls is given what the write asks for, (n, entry)…, and does it at once. */
const GIVEN = `
local given = {}
local function put(_, n, entry)
  given[#given + 1] = n
  given[#given + 1] = entry
end
local function waiting() return given end`;

const IN_PIECES = `
local function inPieces(command, key, args, from, count)
  for first = from, from + count - 1, 1000 do
    redis.call(command, key, unpack(args, first, math.min(first + 999, from + count - 1)))
  end
end`;

const QUEUE = `${IN_PIECES}
-- Those that are there already stay as they are.
local function queue(tickets, n, args, from, count)
  if count == 1 then return redis.call('HSETNX', tickets, args[from], n .. ':0:0') end
  local fields = {}
  for first = from, from + count - 1, 1000 do
    local last = math.min(first + 999, from + count - 1)
    for index, known in ipairs(redis.call('HMGET', tickets, unpack(args, first, last))) do
      if not known then
        fields[#fields + 1] = args[first + index - 1]
        fields[#fields + 1] = n .. ':0:0'
      end
    end
  end
  inPieces('HSET', tickets, fields, 1, #fields)
end`;

/** A script of a run whose answer ends with what waits in the outbox; and the same for a larger script that does what is asked for itself. */
export interface RunWrite extends Script {
  readonly given: Script;
}

function runWrite(name: string, ...parts: readonly string[]): RunWrite {
  return { ...script(name, KEPT, ...parts), given: script(name, GIVEN, ...parts) };
}

/**
 * Opens a journal, once.
 * KEYS 1 run  2 events  3 tickets  4 outbox
 * ARGV 1 entry  2 channel of the run, or '' to tell nobody  3 channel of all runs  4 number of fields  5 number of events  6 '1': it has ended  7… fields and values, events, ticket ids
 * Tells the channel of the run its last decision, and '1' when it has ended.
 * Returns 1 or 0 (it was there), and what waits in the outbox.
 */
export const OPEN_RUN = runWrite(
  'open-run',
  QUEUE,
  `
if redis.call('EXISTS', KEYS[1]) == 1 then return { 0, waiting(KEYS[4]) } end
local fields, events = tonumber(ARGV[4]), tonumber(ARGV[5])
redis.call('HSET', KEYS[1], unpack(ARGV, 7, 6 + 2 * fields))
inPieces('RPUSH', KEYS[2], ARGV, 7 + 2 * fields, events)
put(KEYS[4], '1', ARGV[1])
local queued = 7 + 2 * fields + events
queue(KEYS[3], 1, ARGV, queued, #ARGV + 1 - queued)
if ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], ARGV[5] .. ' ' .. ARGV[6])
  redis.call('PUBLISH', ARGV[3], '')
end
return { 1, waiting(KEYS[4]) }`,
);

/**
 * Appends to a journal, or says why not.
 * KEYS 1 run  2 events  3 tickets  4 outbox  5 steps of the log
 * ARGV 1 expected or ''  2 ticket of the fence or ''  3 its token  4 known journal version  5 entry  6 '1': the entry has effects
 *      7 status or ''  8 started  9 finished  10 '1': the run ends  11, 12 channels  13 events  14 settled  15 queued  16 bytes of the events  17… those, in this order, and (ticket, token)… of more fences
 * Tells the channel of the run its last decision, and '1' when it has ended.
 * Returns 'absent', 'fenced', 'closed', 'conflict', 'schema' and the version, or 'ok', the last number, and what waits in the outbox.
 */
export const APPEND_EVENTS = runWrite(
  'append-events',
  ARE_HELD,
  QUEUE,
  `
local journal, head, decided, ended, status, bytes, entries = unpack(redis.call('HMGET', KEYS[1], 'journal', 'head', 'decided', 'ended', 'status', 'bytes', 'entries'))
if not journal then return { 'absent' } end
if journal ~= ARGV[4] then return { 'schema', journal } end
local events, settled, queued = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local fences = ARGV[2] == '' and {} or { ARGV[2], ARGV[3] }
for index = 17 + events + settled + queued, #ARGV do fences[#fences + 1] = ARGV[index] end
if not areHeld(KEYS[3], fences) then return { 'fenced' } end
if ended == '1' then return { 'closed' } end
local expected = tonumber(ARGV[1])
if expected and (expected < tonumber(decided) or expected > tonumber(head)) then return { 'conflict' } end

local changed = ARGV[7] == '' and {} or { 'status', ARGV[7], 'startedAt', ARGV[8], 'finishedAt', ARGV[9], 'ended', ARGV[10] }
if events > 0 then
  inPieces('RPUSH', KEYS[2], ARGV, 17, events)
  head = string.format('%.0f', tonumber(head) + events)
  bytes = string.format('%.0f', tonumber(bytes) + tonumber(ARGV[16]))
  if expected then decided = head end
  for _, value in ipairs({ 'head', head, 'bytes', bytes, 'decided', decided }) do table.insert(changed, value) end
end
local n = (ARGV[6] == '1' or (ARGV[7] ~= '' and ARGV[7] ~= status)) and string.format('%.0f', tonumber(entries) + 1) or nil
if n then
  for _, value in ipairs({ 'entries', n }) do table.insert(changed, value) end
end
if #changed > 0 then redis.call('HSET', KEYS[1], unpack(changed)) end
local entry = ARGV[5]
if ARGV[10] ~= '1' then
  inPieces('HDEL', KEYS[3], ARGV, 17 + events, settled)
else
  redis.call('DEL', KEYS[3])
  local log = 0
  for _, step in ipairs(redis.call('HVALS', KEYS[5])) do log = log + tonumber(string.match(step, '%d+$')) end
  entry = string.format('%s,"kept":[%s,%.0f]}', string.sub(entry, 1, -2), bytes, log)
end
if n then
  put(KEYS[4], n, entry)
  queue(KEYS[3], n, ARGV, 17 + events + settled, queued)
end
redis.call('PUBLISH', ARGV[11], decided .. ' ' .. (ARGV[10] == '1' and '1' or '0'))
redis.call('PUBLISH', ARGV[12], '')
return { 'ok', head, waiting(KEYS[4]) }`,
);

/**
 * Queues tickets that are missing, of a run that is open.
 * KEYS 1 run  2 tickets  3 outbox
 * ARGV 1 entry  2… ticket ids
 * Returns how many were missing, and what waits in the outbox.
 */
export const QUEUE_TICKETS = runWrite(
  'queue-tickets',
  `
if redis.call('HGET', KEYS[1], 'ended') ~= '0' then return { 0, waiting(KEYS[3]) } end
local missing = {}
for index = 2, #ARGV do
  if redis.call('HEXISTS', KEYS[2], ARGV[index]) == 0 then missing[ARGV[index]] = true end
end
local added = 0
if next(missing) then
  local n = string.format('%.0f', redis.call('HINCRBY', KEYS[1], 'entries', 1))
  put(KEYS[3], n, ARGV[1])
  for id in pairs(missing) do
    redis.call('HSET', KEYS[2], id, n .. ':0:0')
    added = added + 1
  end
end
return { added, waiting(KEYS[3]) }`,
);

/**
 * Removes tickets whose lease is valid.
 * KEYS 1 run  2 tickets  3 outbox
 * ARGV (ticket, token, entry)…
 * Returns a list of what waits in the outbox.
 */
export const DISCARD_TICKETS = runWrite(
  'discard-tickets',
  IS_HELD,
  `
for index = 1, #ARGV, 3 do
  if isHeld(KEYS[2], ARGV[index], ARGV[index + 1]) then
    redis.call('HDEL', KEYS[2], ARGV[index])
    put(KEYS[3], redis.call('HINCRBY', KEYS[1], 'entries', 1), ARGV[index + 2])
  end
end
return { waiting(KEYS[3]) }`,
);

/**
 * Makes the leases of a hand-out count: from now on older tokens are refused.
 * KEYS 1 tickets  2 outbox
 * ARGV (ticket, incarnation, token)…
 * Returns for each 1, or 0 when the ticket is gone or was handed out again since; and what waits in the outbox.
 */
export const GRAB_TICKETS = runWrite(
  'grab-tickets',
  IN_PIECES,
  `
local ids, grabbed, fields = {}, {}, {}
for index = 1, #ARGV, 3 do ids[#ids + 1] = ARGV[index] end
for index, packed in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
  local incarnation, token = string.match(packed or '', '^(%d+):(%d+):')
  local given = ARGV[3 * index]
  local valid = incarnation == ARGV[3 * index - 1] and tonumber(token) < tonumber(given)
  if valid then
    fields[#fields + 1] = ids[index]
    fields[#fields + 1] = incarnation .. ':' .. given .. ':1'
  end
  grabbed[index] = valid and 1 or 0
end
inPieces('HSET', KEYS[1], fields, 1, #fields)
return { grabbed, waiting(KEYS[2]) }`,
);

/**
 * Ends leases without removing their tickets.
 * KEYS 1 tickets
 * ARGV (ticket, token)…
 */
export const RELEASE_TICKETS = script(
  'release-tickets',
  IS_HELD,
  EVEN_WHEN_FULL,
  `
for index = 1, #ARGV, 2 do
  if isHeld(KEYS[1], ARGV[index], ARGV[index + 1]) then
    local ticket = readTicket(KEYS[1], ARGV[index])
    redis.call('HSET', KEYS[1], ARGV[index], ticket.incarnation .. ':' .. ticket.token .. ':0')
  end
end
return 1`,
);

/**
 * Removes what has been done from the front of an outbox.
 * KEYS 1 outbox
 * ARGV 1 number of the last entry that was done
 */
export const ACKNOWLEDGE = script(
  'acknowledge',
  `
local last = tonumber(ARGV[1])
while true do
  local entry = redis.call('LINDEX', KEYS[1], 0)
  if not entry or tonumber(string.match(entry, '^%d+')) > last then return 1 end
  redis.call('LPOP', KEYS[1])
end`,
);

/**
 * Reads a journal.
 * KEYS 1 run  2 events
 * ARGV 1 index of the first  2 index of the last, -1 for the end
 * Returns nothing, or its version, the number of its last event, how many there are, and those asked for.
 */
export const READ_EVENTS = script(
  'read-events',
  `
local journal, head = unpack(redis.call('HMGET', KEYS[1], 'journal', 'head'))
if not journal then return {} end
return { journal, head, redis.call('LLEN', KEYS[2]), redis.call('LRANGE', KEYS[2], ARGV[1], ARGV[2]) }`,
);
