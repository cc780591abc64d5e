import { CLOCK, EVEN_WHEN_FULL, TICKETS } from './installation.js';
import { script } from './script.js';
import { ROOM, SHARES } from './shares.js';

/** The lanes a worker is given tickets from, by tenant or as few as there are; and whether a ticket is in its scope. */
export const SCOPE = `
local function scopeOf(worker)
  local written = redis.call('HGET', K.worker .. worker, 'scope')
  joined[worker] = written ~= false
  if not written or written == '' then return nil end
  return cjson.decode(written)
end
local function lanesByTenant(scope)
  local lanes = {}
  if not scope then
    for _, tenant in ipairs(redis.call('HKEYS', K.tenants)) do lanes[#lanes + 1] = { start = K.laneOfTenant, rest = ':' .. tenant, tenant = tenant } end
  end
  for _, root in ipairs(scope or {}) do
    for _, tenant in ipairs(redis.call('HKEYS', K.tenantsOf .. root)) do
      lanes[#lanes + 1] = { start = K.laneOfRoot, rest = ':' .. root .. ':' .. tenant, tenant = tenant }
    end
  end
  return lanes
end
local function lanesFor(scope)
  return scope and lanesByTenant(scope) or { { start = K.lane, rest = '' } }
end
local function setOf(scope)
  if not scope then return nil end
  local set = {}
  for _, root in ipairs(scope) do set[root] = true end
  return set
end`;

/** What time has done since the last look: workers that fell silent, leases that ran out. */
export const CATCH_UP = `
local function catchUp()
  for _, worker in ipairs(redis.call('ZRANGE', K.workers, '-inf', now, 'BYSCORE')) do
    redis.call('ZREM', K.workers, worker)
    redis.call('ZADD', K.silent, now, worker)
    placeHeldBy(worker)
  end
  for _, id in ipairs(redis.call('ZRANGE', K.leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1000)) do
    local ticket = loadTicket(id)
    if ticket then place(ticket) else redis.call('ZREM', K.leases, id) end
  end
  writeLists()
end`;

/** A worker that is heard of again counts as alive again. */
export const HEAR = `
local function hear(worker, presenceMs)
  local before = isLive(worker)
  redis.call('ZADD', K.workers, now + presenceMs, worker)
  live[worker] = true
  if before then return end
  redis.call('ZREM', K.silent, worker)
  placeHeldBy(worker)
end`;

/** Gives a worker leases on tickets that it may have, and answers a row for each. */
export const LEASE = `
local function lease(picked, worker, leaseMs, name)
  local till = string.format('%.0f', now + tonumber(leaseMs))
  local leases = {}
  -- Above the last one, and above what the time says: a server that lost its last moments gives none of their tokens again.
  local token = math.max(tonumber(redis.call('HGET', K.counter, 'token') or 0), now * 1000)
  if #picked > 0 then redis.call('HSET', K.counter, 'token', string.format('%.0f', token + #picked)) end
  for index, id in ipairs(picked) do
    local ticket = takeFresh(id) or loadTicket(id)
    if ticket.at == 'lane' then ready = ready - 1 end
    forgetHolder(ticket)
    standAt(ticket, 'none')
    change(ticket, 'worker', worker)
    change(ticket, 'token', string.format('%.0f', token + index))
    change(ticket, 'till', till)
    change(ticket, 'taking', name)
    count('held', 1)
    of(gathered, K.heldBy .. worker)[id] = true
    place(ticket)
    leases[index] = { id, ticket.run, ticket.job, ticket.attempt, ticket.turn, ticket.incarnation, ticket.token, till }
  end
  writeLists()
  return leases
end`;

/** Picks due tickets for a worker and gives it leases on them: by rank, then by the shares of tenants, then by when they fell due, then as they were queued. */
export const PICK = [
  HEAR,
  CATCH_UP,
  SCOPE,
  ROOM,
  SHARES,
  LEASE,
  `
local function pickTickets(worker, limit, leaseMs, capTotal, capTenant, presenceMs, name)
  limit = tonumber(limit)
  local scope = scopeOf(worker)
  if not hasJoined(worker) then return {} end
  hear(worker, tonumber(presenceMs))
  if limit <= 0 then return {} end
  catchUp()

  capBy(capTotal, capTenant)
  local lanes, inScope = lanesByTenant(scope), setOf(scope)
  local beside = ticketsBeside(function(ticket) return not inScope or inScope[ticket.root] end)
  local picked = {}
  for _, rank in ipairs({ '0', '1', '2' }) do
    if #picked < limit then pickByShares(queuesOf(rank, beside, lanes, limit - #picked), picked, limit) end
  end
  return lease(picked, worker, leaseMs, name)
end`,
];

/**
 * The same by itself.
 * KEYS 1 base
 * ARGV 1 now  2 worker  3 limit  4 length of the lease  5 cap of all or ''  6 cap of a tenant or ''  7 how long a worker counts as alive  8 name of this hand-out
 * Returns for each ticket: id, run, job, attempt, turn, incarnation, token, end of the lease.
 */
export const PICK_TICKETS = script('pick-tickets', CLOCK, TICKETS, ...PICK, 'return pickTickets(unpack(ARGV, 2))');

/**
 * Takes back what hand-outs gave that nobody heard the answer of.
 * KEYS 1 base
 * ARGV 1 now  2 worker  3… names of hand-outs
 */
export const TAKE_BACK = script(
  'take-back',
  CLOCK,
  TICKETS,
  EVEN_WHEN_FULL,
  `
local names = {}
for index = 3, #ARGV do names[ARGV[index]] = true end
for _, id in ipairs(redis.call('SMEMBERS', K.heldBy .. ARGV[2])) do
  if names[redis.call('HGET', K.ticket .. id, 'taking')] then
    local ticket = loadTicket(id)
    forgetHolder(ticket)
    place(ticket)
  end
end
announce()
return 1`,
);

/**
 * Extends leases that are valid, and hears of their workers.
 * KEYS 1 base
 * ARGV 1 now  2 length of the lease  3 how long a worker counts as alive  4… (ticket, token, worker)…
 * Returns the end of the leases, and for each 1 or 0.
 */
export const RENEW_LEASES = script(
  'renew-leases',
  CLOCK,
  TICKETS,
  HEAR,
  EVEN_WHEN_FULL,
  `
local till = string.format('%.0f', now + tonumber(ARGV[2]))
local heard, valid = {}, {}
for index = 4, #ARGV, 3 do
  local ticket = loadTicket(ARGV[index])
  if ticket and ticket.worker and ticket.token == ARGV[index + 1] then
    if not heard[ticket.worker] and hasJoined(ticket.worker) then hear(ticket.worker, tonumber(ARGV[3])) end
    heard[ticket.worker] = true
    ticket = loadTicket(ticket.id)
    change(ticket, 'till', till)
    place(ticket)
    valid[#valid + 1] = 1
  else
    valid[#valid + 1] = 0
  end
end
writeLists()
return { till, valid }`,
);

/**
 * Ends leases without removing their tickets.
 * KEYS 1 base
 * ARGV 1 now  2… (ticket, token)…
 */
export const FREE_TICKETS = script(
  'free-tickets',
  CLOCK,
  TICKETS,
  EVEN_WHEN_FULL,
  `
for index = 2, #ARGV, 2 do
  local ticket = loadTicket(ARGV[index])
  if ticket and ticket.worker and ticket.token == ARGV[index + 1] then
    forgetHolder(ticket)
    place(ticket)
  end
end
announce()
return 1`,
);

/**
 * Says when a worker could have its next ticket.
 * KEYS 1 base
 * ARGV 1 now  2 worker
 * Returns nothing, or the instant.
 */
export const NEXT_DUE = script(
  'next-due',
  CLOCK,
  TICKETS,
  SCOPE,
  `
if not hasJoined(ARGV[2]) then return {} end
local scope = scopeOf(ARGV[2])
local inScope, first = setOf(scope), nil
local function consider(instant)
  instant = tonumber(instant)
  if instant and (not first or instant < first) then first = instant end
end
for _, lane in ipairs(lanesFor(scope)) do
  for _, rank in ipairs({ '0', '1', '2' }) do
    consider(redis.call('ZRANGE', lane.start .. rank .. lane.rest, 0, 0, 'WITHSCORES')[2])
  end
end
for _, held in ipairs({ K.late, K.leases }) do
  local from, found = 0, false
  repeat
    local page = redis.call('ZRANGE', held, from, from + 99, 'WITHSCORES')
    for index = 1, #page, 2 do
      local root, parked = unpack(redis.call('HMGET', K.ticket .. page[index], 'root', 'parked'))
      if parked == '0' and (not inScope or inScope[root]) then
        found = true
        consider(page[index + 1])
        break
      end
    end
    from = from + 100
  until found or #page == 0
end
return { first and string.format('%.0f', first) }`,
);

/**
 * Makes a worker known, or hears of it.
 * KEYS 1 base
 * ARGV 1 now  2 how long it counts as alive  3 '1': it joins anew  4… (worker, scope as JSON or '')…
 * Returns how many workers are alive.
 */
export const JOIN_WORKERS = script(
  'join-workers',
  CLOCK,
  TICKETS,
  HEAR,
  `
if ARGV[3] == '0' then ${EVEN_WHEN_FULL} end
local FORGET_AFTER_MS, AT_ONCE = 600000, 16
for index = 4, #ARGV, 2 do
  local worker = ARGV[index]
  local known = hasJoined(worker)
  if not known or ARGV[3] == '1' then redis.call('HSET', K.worker .. worker, 'scope', ARGV[index + 1]) end
  joined[worker] = true
  hear(worker, tonumber(ARGV[2]))
  if not known then placeHeldBy(worker) end
end
for _, worker in ipairs(redis.call('ZRANGE', K.silent, '-inf', now - FORGET_AFTER_MS, 'BYSCORE', 'LIMIT', 0, AT_ONCE)) do
  redis.call('ZREM', K.silent, worker)
  redis.call('DEL', K.worker .. worker)
  joined[worker] = false
  placeHeldBy(worker)
end
if ARGV[3] == '1' then ready = 1 end
announce()
return redis.call('ZCOUNT', K.workers, '(' .. string.format('%.0f', now), '+inf')`,
);

/**
 * Makes a worker unknown: what it holds can be handed out.
 * KEYS 1 base
 * ARGV 1 now  2 worker
 */
export const LEAVE_WORKER = script(
  'leave-worker',
  CLOCK,
  TICKETS,
  EVEN_WHEN_FULL,
  `
redis.call('DEL', K.worker .. ARGV[2])
redis.call('ZREM', K.workers, ARGV[2])
redis.call('ZREM', K.silent, ARGV[2])
placeHeldBy(ARGV[2])
ready = 1
announce()
return 1`,
);
