/*
 * What scripts on the keys of the installation share. `base` is the start of all their keys, which have one hash tag;
 * `now` is the time in milliseconds that they are given, or that of the server.
 */

const TIME = `
local function timeOf(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end`;

export const CLOCK = `${TIME}
local base, now = KEYS[1], timeOf(ARGV[1])`;

/** The same for a script whose first keys and arguments are another's. */
export const CLOCK_LAST = `${TIME}
local base, now = table.remove(KEYS), timeOf(table.remove(ARGV))`;

/** A server whose memory is full refuses a script at its first write that could take more. What must be finished has another one first. */
export const EVEN_WHEN_FULL = `redis.call('HDEL', K.counter, '')`;

/**
 * Tickets. One that is not parked stands in the lanes while it can be handed out to anybody, in `late` while its lease has
 * run out and its worker lives, in `leases` while its lease counts: its field `at` says where. `room` says that it counts
 * against the caps. `offered` is the number of the offer that is open, which ends where the ticket can no longer be handed out. `place` brings both in line with everything else and writes what was changed; whoever changes a ticket calls it.
 * Where a hand-out follows in the same script, what is queued is `fresh` until then: what is handed out has been in no lane.
 * Its row is written at once and removed with those of others; what becomes of lists and counts by `writeLists`, with one command for all tickets of a script: at the end, and before any of them is read.
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

-- Rows of tickets that are gone, by id, and still to be removed.
local dropped = {}
local function loadTicket(id)
  if dropped[id] then return nil end
  local run, job, rank, due, n, root, tenant, parked, worker, token, till, at, room, incarnation, offered, attempt, turn =
    unpack(redis.call('HMGET', K.ticket .. id, 'run', 'job', 'rank', 'due', 'n', 'root', 'tenant', 'parked', 'worker', 'token', 'till', 'at', 'room', 'incarnation', 'offered', 'attempt', 'turn'))
  if not run then return nil end
  return {
    id = id, run = run, job = job, rank = rank, due = due, n = n, root = root, tenant = tenant, parked = parked, at = at, room = room,
    worker = worker or nil, token = token or nil, till = till or nil, offered = offered or nil,
    incarnation = incarnation, attempt = attempt, turn = turn,
  }
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
local function dropRows()
  local rows = {}
  for id in pairs(dropped) do rows[#rows + 1] = K.ticket .. id end
  for first = 1, #rows, 1000 do redis.call('DEL', unpack(rows, first, math.min(first + 999, #rows))) end
  dropped = {}
end
local function writeLists()
  dropRows()
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

-- What was queued and not placed, by id.
local fresh, handsOut = {}, false
local function enterTicket(ticket)
  enter(K.ticketsOf .. ticket.run, ticket.id, 0)
  count('tickets', 1)
end
local function takeFresh(id)
  local ticket = fresh[id]
  if not ticket then return nil end
  fresh[id] = nil
  enterTicket(ticket)
  return ticket
end
local function placeFresh()
  for id in pairs(fresh) do place(takeFresh(id)) end
  writeLists()
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
  dropped[ticket.id] = true
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
