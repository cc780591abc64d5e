import { CLAIMS, CLOCK, EVEN_WHEN_FULL, TICKETS, WAITS } from './installation.js';
import { LISTS } from './retention-scripts.js';
import { script } from './script.js';

const APPLY = [
  CLOCK,
  TICKETS,
  CLAIMS,
  WAITS,
  LISTS,
  `
local id = ARGV[2]
local run = nil

-- What is known of the run, written once for each entry.
local changed = {}
local function set(name, value)
  run[name] = value
  table.insert(changed, name)
  table.insert(changed, value)
end

local function addToLists(status)
  redis.call('ZADD', K.byStatus .. status, 0, id)
  redis.call('ZADD', K.byBoth .. run.workflow .. ':' .. status, 0, id)
  redis.call('ZADD', K.byTenantStatus .. status .. ':' .. run.tenant, 0, id)
  redis.call('ZADD', K.byTenantBoth .. run.workflow .. ':' .. status .. ':' .. run.tenant, 0, id)
  set('status', status)
end

local function changeStatus(status)
  if status == run.status then return end
  leaveLists(id, run)
  addToLists(status)
end

local function create(entry)
  run = { applied = 0 }
  set('workflow', entry.workflow)
  set('root', entry.root)
  set('tenant', entry.tenant)
  set('ended', entry.ended and '1' or '0')
  redis.call('ZADD', K.runs, 0, id)
  redis.call('ZADD', K.byTime, entry.createdAt, id)
  redis.call('ZADD', K.byWorkflow .. run.workflow, 0, id)
  redis.call('ZADD', K.byTenant .. run.tenant, 0, id)
  redis.call('ZADD', K.byTenantWorkflow .. run.workflow .. ':' .. run.tenant, 0, id)
  redis.call('ZADD', K.tenantsWithRuns, 0, run.tenant)
  addToLists(entry.status)
  redis.call('ZREM', K.reserved, id)
  redis.call('HDEL', K.commands, id)
  if not entry.ended then redis.call('ZADD', K.open, 0, id) end
  -- Whoever reserved the key may have taken it back after another had opened the run for it.
  if entry.key and redis.call('EXISTS', K.key .. entry.key[1]) == 0 then
    redis.call('HSET', K.key .. entry.key[1], 'run', id, 'digest', entry.key[2], 'until', entry.key[3])
    redis.call('ZADD', K.keysByTime, entry.key[3], entry.key[1])
  end
end

local function finish()
  set('ended', '1')
  redis.call('ZREM', K.open, id)
  -- Most runs have had none of either.
  if redis.call('EXISTS', K.claimsOf .. id, K.waitsOf .. id) > 0 then
    dropClaimsOf(id)
    dropWaitsOf(id)
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
local function keepEnded(endedAt, journal, log)
  local hasBlobs = redis.call('EXISTS', K.blobsOf .. id) == 1
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
  if redis.call('EXISTS', K.ticket .. ticketId) == 1 then return end
  local row = {
    id = ticketId, run = id, job = job, root = run.root, tenant = run.tenant, at = 'none', room = '0',
    rank = string.format('%.0f', rank),
    due = due,
    n = number,
    parked = mayBeBlocked and isBlocked(id, job) and '1' or '0',
  }
  row.changed = { 'run', id, 'job', job, 'attempt', attempt, 'turn', turn, 'rank', row.rank, 'due', due,
    'n', row.n, 'root', row.root, 'tenant', row.tenant, 'parked', row.parked, 'at', 'none', 'room', '0', 'incarnation', incarnation }
  enter(K.ticketsOf .. id, ticketId, 0)
  count('tickets', 1)
  place(row)
end

local function queueTickets(tickets, incarnation)
  if #tickets == 0 then return end
  local last = redis.call('HINCRBY', K.counter, 'ticket', #tickets)
  local mayBeBlocked = redis.call('EXISTS', K.claimsOf .. id) == 1
  for index, ticket in ipairs(tickets) do queueTicket(ticket, last - #tickets + index, mayBeBlocked, incarnation) end
end

local function apply(entry, n)
  if entry.create then create(entry.create) end
  for _, job in ipairs(entry.unclaim or {}) do endClaim(id, job) end
  for _, claim in ipairs(entry.claim or {}) do placeClaim(id, claim[1], claim[2]) end
  for _, job in ipairs(entry.close or {}) do closeWaits(id, job) end
  for _, wait in ipairs(entry.open or {}) do
    wait.runId, wait.tenant, wait.since = id, run.tenant, entry.at
    openWait(id, wait)
  end
  for _, blob in ipairs(entry.blobs or {}) do referTo(blob) end
  for _, ticketId in ipairs(entry.settle or {}) do
    local ticket = loadTicket(ticketId)
    if ticket then removeTicket(ticket) end
  end
  if entry.status then changeStatus(entry.status) end
  if entry.ended then finish() end
  if entry.kept then keepEnded(entry.endedAt, entry.kept[1], entry.kept[2]) end
  queueTickets(entry.enqueue or {}, n)
  writeLists()
  set('applied', n)
  redis.call('HSET', K.run .. id, unpack(changed))
  changed, run.applied = {}, tonumber(n)
end

local known = redis.call('HMGET', K.run .. id, 'applied', 'status', 'workflow', 'root', 'tenant', 'ended')
if known[1] then
  run = { applied = tonumber(known[1]), status = known[2], workflow = known[3], root = known[4], tenant = known[5], ended = known[6] }
elseif redis.call('ZSCORE', K.removed, id) then
  return { tonumber(ARGV[#ARGV - 1]) }
end
for index = 3, #ARGV, 2 do
  local n = tonumber(ARGV[index])
  local applied = run and run.applied or 0
  if n > applied + 1 then return { 'gap', applied } end
  if n == applied + 1 then apply(cjson.decode(ARGV[index + 1]), ARGV[index]) end
end`,
];

/**
 * Does what entries of one run's outbox ask for, in order. An entry that was done before changes nothing.
 * KEYS 1 base
 * ARGV 1 now  2 run  3… (n, entry)…
 * Returns the number of the last entry that is done, or 'gap' and it when one is missing.
 */
export const APPLY_ENTRIES = script('apply-entries', `local base = KEYS[1]\n${EVEN_WHEN_FULL}`, ...APPLY, 'announce()\nreturn { run.applied }');

/** The same for a script that has written something before, without a word to those who wait for tickets. Answers in addition how many may have become takeable, and whether fewer are held. */
export const APPLY_QUIETLY = script('apply-quietly', ...APPLY, 'writeLists()\nreturn { run.applied, ready, room }');
