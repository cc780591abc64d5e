import { CLOCK, EVEN_WHEN_FULL, TICKETS } from './installation.js';
import { script } from './script.js';

/** The lists that a run is in by its status. */
export const LISTS = `
local function enterLists(id, run)
  redis.call('ZADD', K.byStatus .. run.status, 0, id)
  redis.call('ZADD', K.byBoth .. run.workflow .. ':' .. run.status, 0, id)
  redis.call('ZADD', K.byTenantStatus .. run.status .. ':' .. run.tenant, 0, id)
  redis.call('ZADD', K.byTenantBoth .. run.workflow .. ':' .. run.status .. ':' .. run.tenant, 0, id)
end
local function leaveLists(id, run, status)
  redis.call('ZREM', K.byStatus .. status, id)
  redis.call('ZREM', K.byBoth .. run.workflow .. ':' .. status, id)
  redis.call('ZREM', K.byTenantStatus .. status .. ':' .. run.tenant, id)
  redis.call('ZREM', K.byTenantBoth .. run.workflow .. ':' .. status .. ':' .. run.tenant, id)
end`;

/**
 * Runs that have ended, the first one first.
 * KEYS 1 base
 * ARGV 1 now  2 'ended', 'endedWithLog' or 'endedWithArtifacts'  3 tenant  4 ended before, or '+inf'  5 so many are passed over  6 at most so many
 *      7 instant and 8 run behind which to begin, or '-inf' and nothing
 * Returns (run, instant it ended, bytes of its journal, log, artifacts)….
 */
export const LIST_ENDED = script(
  'list-ended',
  CLOCK,
  `
local before = ARGV[4] == '+inf' and '+inf' or '(' .. ARGV[4]
local list = ({ ended = K.ended, endedWithLog = K.endedWithLog, endedWithArtifacts = K.endedWithArtifacts })[ARGV[2]] .. ARGV[3]
local passed = tonumber(ARGV[5])
if ARGV[7] ~= '-inf' then
  for _, id in ipairs(redis.call('ZRANGE', list, ARGV[7], ARGV[7], 'BYSCORE')) do
    if id <= ARGV[8] then passed = passed + 1 end
  end
end
local found = {}
local rows = redis.call('ZRANGE', list, ARGV[7], before, 'BYSCORE', 'LIMIT', passed, ARGV[6], 'WITHSCORES')
for index = 1, #rows, 2 do
  local id = rows[index]
  local bytes = redis.call('HMGET', K.run .. id, 'journal', 'log', 'artifacts')
  for _, value in ipairs({ id, rows[index + 1], bytes[1] or '0', bytes[2] or '0', bytes[3] or '0' }) do found[#found + 1] = value end
end
return found`,
);

/**
 * Notes that parts of a run are being removed, so that whoever comes later can finish it.
 * KEYS 1 base
 * ARGV 1 now  2 run  3 parts
 * Returns 1, or 0 when the run is not known to have ended.
 */
export const BEGIN_REMOVAL = script(
  'begin-removal',
  CLOCK,
  EVEN_WHEN_FULL,
  `
if redis.call('HGET', K.run .. ARGV[2], 'ended') ~= '1' then return 0 end
redis.call('ZADD', K.removing, now, ARGV[2] .. '/' .. ARGV[3])
return 1`,
);

/**
 * Removes parts of a run that has ended, under its own tag.
 * KEYS 1 run  2 events  3 tickets  4 outbox  5 lines  6 steps
 * ARGV 1 time in milliseconds, or empty for that of the server  2 'run', 'log' or 'artifacts'  3 channel of the run  4 channel of its log  5 channel of all runs
 */
export const REMOVE_PARTS = script(
  'remove-parts',
  `
if redis.call('HGET', KEYS[1], 'ended') ~= '1' then return 0 end
local now = ARGV[1]
if now == '' then
  local time = redis.call('TIME')
  now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
end
if ARGV[2] == 'run' then
  redis.call('UNLINK', unpack(KEYS))
elseif ARGV[2] == 'log' then
  redis.call('UNLINK', KEYS[5], KEYS[6])
  redis.call('HSET', KEYS[1], 'logRemovedAt', now)
else
  redis.call('HDEL', KEYS[1], '')
  redis.call('HSET', KEYS[1], 'artifactsRemovedAt', now)
end
redis.call('PUBLISH', ARGV[3], '')
redis.call('PUBLISH', ARGV[5], '')
if ARGV[2] ~= 'artifacts' then redis.call('PUBLISH', ARGV[4], '') end
return 1`,
);

/** How long a run that was removed is remembered, in milliseconds: longer than anything that was under way then. */
const REMEMBERED_MS = 3_600_000;

/**
 * Takes what was removed out of the lists and the sums. Doing it twice changes nothing.
 * KEYS 1 base
 * ARGV 1 now  2 run  3 parts
 */
export const END_REMOVAL = script(
  'end-removal',
  CLOCK,
  EVEN_WHEN_FULL,
  TICKETS,
  LISTS,
  `
local id, parts = ARGV[2], ARGV[3]
local names = { 'status', 'workflow', 'tenant', 'ended', 'journal', 'log', 'artifacts' }
local run = {}
for index, value in ipairs(redis.call('HMGET', K.run .. id, unpack(names))) do run[names[index]] = value end

local function discount(part)
  local bytes = tonumber(run[part] or 0)
  if bytes == 0 then return end
  redis.call('HINCRBY', K.kept .. run.tenant, part, string.format('%.0f', -bytes))
  redis.call('HSET', K.run .. id, part, '0')
end

local function releaseBlobs()
  for _, digest in ipairs(redis.call('HKEYS', K.blobsOf .. id)) do
    if redis.call('HINCRBY', K.blobs, digest, -1) <= 0 then
      redis.call('HDEL', K.blobs, digest)
      redis.call('ZADD', K.unusedBlobs, now, digest)
    end
  end
  redis.call('DEL', K.blobsOf .. id)
end

local function forget()
  for _, ticket in ipairs(redis.call('ZRANGE', K.ticketsOf .. id, 0, -1)) do removeTicket(loadTicket(ticket)) end
  leaveLists(id, run, run.status)
  for _, list in ipairs({ K.runs, K.byTime, K.byWorkflow .. run.workflow, K.byTenant .. run.tenant, K.byTenantWorkflow .. run.workflow .. ':' .. run.tenant, K.ended .. run.tenant }) do
    redis.call('ZREM', list, id)
  end
  if redis.call('EXISTS', K.byTenant .. run.tenant) == 0 then redis.call('ZREM', K.tenantsWithRuns, run.tenant) end
  redis.call('DEL', K.run .. id)
  redis.call('ZREMRANGEBYSCORE', K.removed, '-inf', now - ${String(REMEMBERED_MS)})
  redis.call('ZADD', K.removed, now, id)
end

if run.ended == '1' then
  if parts ~= 'artifacts' then
    discount('log')
    redis.call('ZREM', K.endedWithLog .. run.tenant, id)
  end
  if parts ~= 'log' then
    discount('artifacts')
    releaseBlobs()
    redis.call('ZREM', K.endedWithArtifacts .. run.tenant, id)
  end
  if parts == 'run' then
    discount('journal')
    forget()
  end
end
redis.call('ZREM', K.removing, id .. '/' .. parts)
announce()
return 1`,
);

/**
 * Forgets blobs that no run refers to.
 * KEYS 1 base
 * ARGV 1 now  2… digests
 * Returns those that a run refers to.
 */
export const FORGET_BLOBS = script(
  'forget-blobs',
  CLOCK,
  `
local used = {}
for index = 2, #ARGV do
  if redis.call('HEXISTS', K.blobs, ARGV[index]) == 1 then used[#used + 1] = ARGV[index] else redis.call('ZREM', K.unusedBlobs, ARGV[index]) end
end
return used`,
);
