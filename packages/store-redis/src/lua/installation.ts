import { TIME_LIMIT } from '@kb-labs/contracts';

/*
 * What scripts on the keys of the installation share. `KEYS[1]` is the start of all their keys, which have one hash tag;
 * `ARGV[1]` is the time in milliseconds, or empty for the time of the server.
 */

export const CLOCK = `
local base = KEYS[1]
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end`;

/** A server whose memory is full refuses a script at its first write that could take more. What must be finished has another one first. */
export const EVEN_WHEN_FULL = `redis.call('HDEL', K.counter, '')`;

/**
 * Tickets. One that is not parked stands in the lanes while it can be handed out to anybody, in `late` while its lease has
 * run out and its worker lives, in `leases` while its lease counts: its field `at` says where. `room` says that it counts
 * against the caps. `offered` is the number of the offer that is open, which ends where the ticket can no longer be handed out. `place` brings both in line with everything else and writes what was changed; whoever changes a ticket calls it.
 * Its row is written at once; what becomes of lists and counts by `writeLists`, with one command for all tickets of a script: at the end, and before any of them is read.
 */
export const TICKETS = `
-- How many tickets may have become takeable, and whether others because fewer are held.
local ready, room = 0, false
local live, joined = {}, {}
local function isLive(worker)
  if live[worker] == nil then
    local untilThen = redis.call('ZSCORE', K.workers, worker)
    live[worker] = untilThen and tonumber(untilThen) > now or false
  end
  return live[worker]
end
local function hasJoined(worker)
  if joined[worker] == nil then joined[worker] = redis.call('EXISTS', K.worker .. worker) == 1 end
  return joined[worker]
end

local FIELDS = { 'run', 'job', 'rank', 'due', 'n', 'root', 'tenant', 'parked', 'worker', 'token', 'till', 'at', 'room', 'incarnation', 'offered', 'attempt', 'turn' }
local function loadTicket(id)
  local values = redis.call('HMGET', K.ticket .. id, unpack(FIELDS))
  if not values[1] then return nil end
  local ticket = { id = id }
  for index, name in ipairs(FIELDS) do ticket[name] = values[index] or nil end
  return ticket
end

local function change(ticket, name, value)
  ticket[name] = value
  ticket.changed = ticket.changed or {}
  table.insert(ticket.changed, name)
  table.insert(ticket.changed, value)
end

local listed, gathered, counted = {}, {}, {}
local function of(changes, key)
  changes[key] = changes[key] or {}
  return changes[key]
end
local function enter(list, member, score) of(listed, list)[member] = score end
local function leave(list, member) of(listed, list)[member] = false end
local function countIn(key, field, by) of(counted, key)[field] = (of(counted, key)[field] or 0) + by end
local function count(name, by) countIn(K.counter, name, by) end

local function inPieces(command, key, args)
  for first = 1, #args, 1000 do redis.call(command, key, unpack(args, first, math.min(first + 999, #args))) end
end
local function writeLists()
  for list, members in pairs(listed) do
    local added, removed = {}, {}
    for member, score in pairs(members) do
      if score then
        added[#added + 1] = score
        added[#added + 1] = member
      else
        removed[#removed + 1] = member
      end
    end
    inPieces('ZADD', list, added)
    inPieces('ZREM', list, removed)
  end
  for set, members in pairs(gathered) do
    local added, removed = {}, {}
    for member, isIn in pairs(members) do table.insert(isIn and added or removed, member) end
    inPieces('SADD', set, added)
    inPieces('SREM', set, removed)
  end
  for key, fields in pairs(counted) do
    for field, by in pairs(fields) do
      local isKept = by == 0 or redis.call('HINCRBY', key, field, by) > 0 or key == K.counter or field == 'total'
      if not isKept then redis.call('HDEL', key, field) end
    end
  end
  listed, gathered, counted = {}, {}, {}
end

local function lanesOf(ticket)
  return {
    K.lane .. ticket.rank,
    K.laneOfTenant .. ticket.rank .. ':' .. ticket.tenant,
    K.laneOfRoot .. ticket.rank .. ':' .. ticket.root .. ':' .. ticket.tenant,
  }
end
local function memberOf(ticket)
  return string.format('%016.0f', tonumber(ticket.n)) .. ':' .. ticket.id
end
local function idOf(member)
  return string.sub(member, 18)
end
local function countTenant(ticket, by)
  countIn(K.tenants, ticket.tenant, by)
  countIn(K.tenantsOf .. ticket.root, ticket.tenant, by)
end

local function endOffer(ticket)
  if not ticket.offered then return end
  redis.call('HDEL', K.ticket .. ticket.id, 'offered')
  leave(K.offered, ticket.id)
  countIn(K.offeredOf, ticket.tenant, -1)
  ticket.offered = nil
end

local function standAt(ticket, at)
  if at ~= 'lane' and at ~= 'late' then endOffer(ticket) end
  if ticket.worker and ticket.at ~= at then
    if ticket.at == 'lane' then count('orphaned', -1) elseif at == 'lane' then count('orphaned', 1) end
  end
  if ticket.at == 'lane' and at ~= 'lane' then
    for _, lane in ipairs(lanesOf(ticket)) do leave(lane, memberOf(ticket)) end
    countTenant(ticket, -1)
  elseif ticket.at == 'late' and at ~= 'late' then
    leave(K.late, ticket.id)
  elseif ticket.at == 'leases' and at ~= 'leases' then
    leave(K.leases, ticket.id)
  end
  if at == 'lane' and ticket.at ~= 'lane' then
    for _, lane in ipairs(lanesOf(ticket)) do enter(lane, memberOf(ticket), ticket.due) end
    countTenant(ticket, 1)
    ready = ready + 1
  elseif at == 'late' then
    enter(K.late, ticket.id, ticket.till)
  elseif at == 'leases' then
    enter(K.leases, ticket.id, ticket.till)
  end
  if ticket.at ~= at then change(ticket, 'at', at) end
end

local function takeRoom(ticket, hasRoom)
  if ticket.room == hasRoom then return end
  local by = hasRoom == '1' and 1 or -1
  countIn(K.holding, 'total', by)
  countIn(K.holding, 'tenant:' .. ticket.tenant, by)
  change(ticket, 'room', hasRoom)
  if hasRoom == '0' then room = true end
end

local function place(ticket)
  local resting = ticket.parked == '1' and 'none' or 'lane'
  local over = ticket.worker and tonumber(ticket.till) <= now
  if not ticket.worker or not hasJoined(ticket.worker) or (over and not isLive(ticket.worker)) then
    standAt(ticket, resting)
    takeRoom(ticket, '0')
  else
    if over then standAt(ticket, ticket.parked == '1' and 'none' or 'late') else standAt(ticket, 'leases') end
    takeRoom(ticket, '1')
  end
  if ticket.changed then redis.call('HSET', K.ticket .. ticket.id, unpack(ticket.changed)) end
  ticket.changed = nil
end

local function letGo(ticket)
  of(gathered, K.heldBy .. ticket.worker)[ticket.id] = false
  count('held', -1)
  if ticket.at == 'lane' then count('orphaned', -1) end
  ticket.worker, ticket.token, ticket.till = nil, nil, nil
end

local function forgetHolder(ticket)
  if not ticket.worker then return end
  letGo(ticket)
  redis.call('HDEL', K.ticket .. ticket.id, 'worker', 'token', 'till', 'taking')
end

local function removeTicket(ticket)
  if ticket.worker then letGo(ticket) end
  standAt(ticket, 'none')
  takeRoom(ticket, '0')
  count('tickets', -1)
  leave(K.ticketsOf .. ticket.run, ticket.id)
  redis.call('DEL', K.ticket .. ticket.id)
end

local function placeHeldBy(worker)
  for _, id in ipairs(redis.call('SMEMBERS', K.heldBy .. worker)) do
    local ticket = loadTicket(id)
    if ticket then place(ticket) end
  end
  writeLists()
end

local function announce()
  writeLists()
  if ready > 0 or room then redis.call('PUBLISH', K.ready, ready > 0 and '' or 'room') end
end`;

/**
 * Concurrency groups. An owner is \`<run>/<job>\`, with an empty job for a run as a whole. A ticket is parked while its
 * owner, or its run, is not first in a group.
 */
export const CLAIMS = `
local function isBlocked(run, job)
  if job == '${TIME_LIMIT}' then return false end
  local owners = job == '' and { '' } or { '', job }
  for index, group in ipairs(redis.call('HMGET', K.claimsOf .. run, unpack(owners))) do
    local owner = owners[index]
    if group and (redis.call('ZRANK', K.group .. group, run .. '/' .. owner) or 0) > 0 then return true end
  end
  return false
end

local function parkTicketsOf(run, job)
  local from, to = '-', '+'
  if job ~= '' then from, to = '[' .. run .. '.' .. job .. '.', '(' .. run .. '.' .. job .. '/' end
  writeLists()
  for _, id in ipairs(redis.call('ZRANGE', K.ticketsOf .. run, from, to, 'BYLEX')) do
    local ticket = loadTicket(id)
    if ticket and (job == '' or ticket.job == job) then
      local parked = isBlocked(run, ticket.job) and '1' or '0'
      if parked ~= ticket.parked then
        change(ticket, 'parked', parked)
        place(ticket)
      end
    end
  end
end

local function freeFirstOf(group)
  local first = redis.call('ZRANGE', K.group .. group, 0, 0)[1]
  if first then parkTicketsOf(string.match(first, '^([^/]*)/(.*)$')) end
end

local function endClaim(run, job)
  local group = redis.call('HGET', K.claimsOf .. run, job)
  if not group then return end
  redis.call('HDEL', K.claimsOf .. run, job)
  redis.call('ZREM', K.group .. group, run .. '/' .. job)
  parkTicketsOf(run, job)
  freeFirstOf(group)
end

local function placeClaim(run, group, job)
  local place = redis.call('HGET', K.claimsOf .. run, job)
  if place == group then return end
  if place then endClaim(run, job) end
  redis.call('HSET', K.claimsOf .. run, job, group)
  redis.call('ZADD', K.group .. group, redis.call('HINCRBY', K.counter, 'claim', 1), run .. '/' .. job)
  parkTicketsOf(run, job)
end

local function dropClaimsOf(run)
  local owners = redis.call('HGETALL', K.claimsOf .. run)
  if #owners == 0 then return end
  redis.call('DEL', K.claimsOf .. run)
  for index = 1, #owners, 2 do redis.call('ZREM', K.group .. owners[index + 1], run .. '/' .. owners[index]) end
  for index = 1, #owners, 2 do freeFirstOf(owners[index + 1]) end
end`;

/** Steps that wait for something from outside, under a number that counts up. */
export const WAITS = `
local function listsOfTenant(wait)
  local lists = { K.waitsOfTenant .. wait.tenant, K.waitsOfTenantKind .. wait.kind .. ':' .. wait.tenant }
  if wait.name then lists[3] = K.waitsOfTenantName .. #wait.tenant .. ':' .. wait.tenant .. ':' .. wait.name end
  return lists
end

local function closeWait(run, n)
  local wait = cjson.decode(redis.call('HGET', K.waitData, n))
  redis.call('HDEL', K.waitData, n)
  redis.call('ZREM', K.waits, n)
  redis.call('ZREM', K.waitsOf .. run, n)
  redis.call('ZREM', K.waitsOfKind .. wait.kind, n)
  if wait.name then redis.call('ZREM', K.waitsOfName .. wait.name, n) end
  for _, list in ipairs(listsOfTenant(wait)) do redis.call('ZREM', list, n) end
end

local function closeWaits(run, job)
  local steps = redis.call('HGET', K.waitsByJob .. run, job)
  if not steps then return end
  for _, n in pairs(cjson.decode(steps)) do closeWait(run, n) end
  redis.call('HDEL', K.waitsByJob .. run, job)
end

local function openWait(run, wait)
  local steps = cjson.decode(redis.call('HGET', K.waitsByJob .. run, wait.job) or '{}')
  if steps[wait.step] then return end
  local n = string.format('%.0f', redis.call('HINCRBY', K.counter, 'wait', 1))
  steps[wait.step] = n
  redis.call('HSET', K.waitsByJob .. run, wait.job, cjson.encode(steps))
  redis.call('HSET', K.waitData, n, cjson.encode(wait))
  redis.call('ZADD', K.waits, n, n)
  redis.call('ZADD', K.waitsOf .. run, n, n)
  redis.call('ZADD', K.waitsOfKind .. wait.kind, n, n)
  if wait.name then redis.call('ZADD', K.waitsOfName .. wait.name, n, n) end
  for _, list in ipairs(listsOfTenant(wait)) do redis.call('ZADD', list, n, n) end
end

local function dropWaitsOf(run)
  local open = redis.call('ZRANGE', K.waitsOf .. run, 0, -1)
  if #open == 0 then return end
  for _, n in ipairs(open) do closeWait(run, n) end
  redis.call('DEL', K.waitsByJob .. run)
end`;
