import { CLAIMS_AND_WAITS } from './claims-and-waits.js';
import { CLOCK, EVEN_WHEN_FULL, TICKETS } from './installation.js';
import { LISTS } from './retention-scripts.js';
import { script } from './script.js';

/** What is known of the run whose entries are done. */
const RUN = `${LISTS}
-- The run whose entries are done, what is to be written of it, and the status it is listed under.
local id, run, isRemoved
local changed, listedAs = {}, nil
local function set(name, value)
  run[name] = value
  table.insert(changed, name)
  table.insert(changed, value)
end

local function writeRun()
  if #changed == 0 then return end
  if run.status ~= listedAs then
    if listedAs then leaveLists(id, run, listedAs) end
    enterLists(id, run)
    listedAs = run.status
  end
  redis.call('HSET', K.run .. id, unpack(changed))
  changed = {}
end

local function readRun(runId)
  writeRun()
  id, run, isRemoved, listedAs = runId, nil, false, nil
  local known = redis.call('HMGET', K.run .. id, 'applied', 'status', 'workflow', 'root', 'tenant', 'ended')
  if known[1] then
    run = { applied = tonumber(known[1]), status = known[2], workflow = known[3], root = known[4], tenant = known[5], ended = known[6] }
    listedAs = run.status
  else
    isRemoved = redis.call('ZSCORE', K.removed, id) ~= false
  end
end`;

/** Does entries in their order, each by `apply`. */
const IN_ORDER = `
-- Entries are (n, entry)…; what is written of the run last can wait where more of the same run come. Answers the number of the last one that is done, and whether one is missing behind it.
local function applyEntries(runId, entries, moreCome)
  if id ~= runId then readRun(runId) end
  if isRemoved then return tonumber(entries[#entries - 1]), false end
  for index = 1, #entries, 2 do
    local n = tonumber(entries[index])
    local applied = run and run.applied or 0
    if n > applied + 1 then return applied, true end
    if n == applied + 1 then
      apply(cjson.decode(entries[index + 1]), entries[index])
      if not moreCome then writeRun() end
    end
  end
  return run.applied, false
end`;

/** Does what entries of outboxes ask for. */
export const APPLY = [
  TICKETS,
  CLAIMS_AND_WAITS,
  RUN,
  `
-- The run that nobody has begun to create before, where that is known.
local unreserved
local function create(entry)
  run = { applied = 0 }
  set('workflow', entry.workflow)
  set('root', entry.root)
  set('tenant', entry.tenant)
  set('status', entry.status)
  set('ended', entry.ended and '1' or '0')
  redis.call('ZADD', K.runs, 0, id)
  redis.call('ZADD', K.byTime, entry.createdAt, id)
  redis.call('ZADD', K.byWorkflow .. run.workflow, 0, id)
  redis.call('ZADD', K.byTenant .. run.tenant, 0, id)
  redis.call('ZADD', K.byTenantWorkflow .. run.workflow .. ':' .. run.tenant, 0, id)
  redis.call('ZADD', K.tenantsWithRuns, 0, run.tenant)
  if id ~= unreserved and redis.call('ZREM', K.reserved, id) == 1 then redis.call('HDEL', K.commands, id) end
  if not entry.ended then redis.call('ZADD', K.open, 0, id) end
  -- Whoever reserved the key may have taken it back after another had opened the run for it.
  if entry.key and redis.call('EXISTS', K.key .. entry.key[1]) == 0 then
    redis.call('HSET', K.key .. entry.key[1], 'run', id, 'digest', entry.key[2], 'until', entry.key[3])
    redis.call('ZADD', K.keysByTime, entry.key[3], entry.key[1])
  end
end

local function finish(hasBesides)
  set('ended', '1')
  redis.call('ZREM', K.open, id)
  if hasBesides then
    claimsAndWaits().dropClaimsOf(id)
    claimsAndWaits().dropWaitsOf(id)
  end
  writeLists()
  for _, ticket in ipairs(redis.call('ZRANGE', K.ticketsOf .. id, 0, -1)) do removeTicket(loadTicket(ticket)) end
end

local function referTo(blob)
  local bytes = string.format('%.0f', blob[2])
  if redis.call('HSETNX', K.blobsOf .. id, blob[1], bytes) == 0 then return end
  redis.call('HINCRBY', K.blobs, blob[1], 1)
  redis.call('ZREM', K.unusedBlobs, blob[1])
  redis.call('HINCRBY', K.run .. id, 'artifacts', bytes)
end

-- From here on the run counts against its tenant.
local function keepEnded(endedAt, journal, log, hasBesides)
  local hasBlobs = hasBesides and redis.call('EXISTS', K.blobsOf .. id) == 1
  local artifacts = hasBlobs and redis.call('HGET', K.run .. id, 'artifacts') or '0'
  set('journal', journal)
  set('log', log)
  redis.call('ZADD', K.ended .. run.tenant, endedAt, id)
  if log > 0 then redis.call('ZADD', K.endedWithLog .. run.tenant, endedAt, id) end
  if hasBlobs then redis.call('ZADD', K.endedWithArtifacts .. run.tenant, endedAt, id) end
  for part, bytes in pairs({ journal = journal, log = log, artifacts = artifacts }) do
    if tonumber(bytes) > 0 then redis.call('HINCRBY', K.kept .. run.tenant, part, bytes) end
  end
end

local function queueTicket(ticket, number, mayBeBlocked, incarnation)
  local ticketId, job, attempt, turn, rank, due = unpack(ticket)
  local row = {
    id = ticketId, run = id, job = job, root = run.root, tenant = run.tenant, at = 'none', room = '0',
    rank = string.format('%.0f', rank),
    due = due,
    n = number,
    attempt = attempt,
    turn = turn,
    incarnation = incarnation,
    parked = mayBeBlocked and claimsAndWaits().isBlocked(id, job) and '1' or '0',
  }
  row.changed = { 'run', id, 'job', job, 'attempt', attempt, 'turn', turn, 'rank', row.rank, 'due', due,
    'n', row.n, 'root', row.root, 'tenant', row.tenant, 'parked', row.parked, 'at', 'none', 'room', '0', 'incarnation', incarnation }
  if handsOut and row.parked == '0' then
    fresh[ticketId] = row
  else
    enterTicket(row)
    place(row)
  end
end

-- One that is there already stays as it is.
local function isThere(tickets)
  dropRows()
  local rows = {}
  for index, ticket in ipairs(tickets) do rows[index] = K.ticket .. ticket[1] end
  for first = 1, #rows, 1000 do
    if redis.call('EXISTS', unpack(rows, first, math.min(first + 999, #rows))) > 0 then
      return function(id) return redis.call('EXISTS', K.ticket .. id) == 1 end
    end
  end
  return function() return false end
end

local function queueTickets(tickets, incarnation)
  if #tickets == 0 then return end
  local isKnown, queued = isThere(tickets), {}
  local last = redis.call('HINCRBY', K.counter, 'ticket', #tickets)
  local mayBeBlocked = redis.call('EXISTS', K.claimsOf .. id) == 1
  for index, ticket in ipairs(tickets) do
    if not queued[ticket[1]] and not isKnown(ticket[1]) then queueTicket(ticket, last - #tickets + index, mayBeBlocked, incarnation) end
    queued[ticket[1]] = true
  end
end

local NONE = {}
local function apply(entry, n)
  if next(fresh) then placeFresh() end
  if entry.create then create(entry.create) end
  for _, job in ipairs(entry.unclaim or NONE) do claimsAndWaits().endClaim(id, job) end
  for _, claim in ipairs(entry.claim or NONE) do claimsAndWaits().placeClaim(id, claim[1], claim[2]) end
  for _, job in ipairs(entry.close or NONE) do claimsAndWaits().closeWaits(id, job) end
  for _, wait in ipairs(entry.open or NONE) do
    wait.runId, wait.tenant, wait.since = id, run.tenant, entry.at
    claimsAndWaits().openWait(id, wait)
  end
  for _, blob in ipairs(entry.blobs or NONE) do referTo(blob) end
  for _, ticketId in ipairs(entry.settle or NONE) do
    local ticket = loadTicket(ticketId)
    if ticket then removeTicket(ticket) end
  end
  if entry.status and entry.status ~= run.status then set('status', entry.status) end
  -- Most runs have had none of these.
  local hasBesides = (entry.ended or entry.kept) and redis.call('EXISTS', K.claimsOf .. id, K.waitsOf .. id, K.blobsOf .. id) > 0
  if entry.ended then finish(hasBesides) end
  if entry.kept then keepEnded(entry.endedAt, entry.kept[1], entry.kept[2], hasBesides) end
  queueTickets(entry.enqueue or NONE, n)
  writeLists()
  set('applied', n)
  run.applied = tonumber(n)
end`,
  IN_ORDER,
];

/** The same for entries that ask for another status and nothing else. */
export const APPLY_STATUS = [
  RUN,
  `
local function apply(entry, n)
  set('status', entry.status)
  set('applied', n)
  run.applied = tonumber(n)
end`,
  IN_ORDER,
];

/**
 * Does what entries of one run's outbox ask for, in order. An entry that was done before changes nothing.
 * KEYS 1 base
 * ARGV 1 now  2 run  3… (n, entry)…
 * Returns the number of the last entry that is done, or 'gap' and it when one is missing.
 */
export const APPLY_ENTRIES = script(
  'apply-entries',
  CLOCK,
  EVEN_WHEN_FULL,
  ...APPLY,
  `
local last, isOneMissing = applyEntries(ARGV[2], { unpack(ARGV, 3) })
announce()
return isOneMissing and { 'gap', last } or { last }`,
);
