import { CATCH_UP, HEAR, LEASE, SCOPE } from './hand-out.js';
import { CLOCK, TICKETS } from './installation.js';
import { script } from './script.js';
import { ROOM, SHARES } from './shares.js';

/**
 * Offers due tickets, by rank, then by the shares of tenants, then by when they fell due, then as they were queued, and repeats
 * offers that are old. What is offered and not taken counts as if it were held, so that what is offered can be taken.
 * KEYS 1 base
 * ARGV 1 now  2 how many may be offered  3 cap of all or ''  4 cap of a tenant or ''  5 age at which an offer is repeated
 * Returns for each: ticket, run, number of the offer, rank.
 */
export const OFFER_TICKETS = script(
  'offer-tickets',
  CLOCK,
  TICKETS,
  CATCH_UP,
  SCOPE,
  ROOM,
  SHARES,
  `
local window = tonumber(ARGV[2])
if window <= 0 then return {} end
catchUp()

local offers = {}
local function bring(ticket)
  enter(K.offered, ticket.id, now)
  offers[#offers + 1] = { ticket.id, ticket.run, ticket.offered, ticket.rank }
end
for _, id in ipairs(redis.call('ZRANGE', K.offered, '-inf', now - tonumber(ARGV[5]), 'BYSCORE', 'LIMIT', 0, window)) do
  local ticket = loadTicket(id)
  if ticket and ticket.offered then bring(ticket) else redis.call('ZREM', K.offered, id) end
end

writeLists()
local open, isOpen = redis.call('ZRANGE', K.offered, 0, -1), {}
local left = window - #open
if left <= 0 then return offers end
for _, id in ipairs(open) do isOpen[id] = true end
capBy(ARGV[3], ARGV[4], #open)

local beside = ticketsBeside(function(ticket) return not ticket.offered end)
local lanes, chosen = lanesByTenant(nil), {}
for _, rank in ipairs({ '0', '1', '2' }) do
  -- What is offered stands in its lane as before: so many more are looked at.
  if #chosen < left then pickByShares(queuesOf(rank, beside, lanes, left - #chosen + #open, isOpen), chosen, left) end
end

local last = #chosen > 0 and redis.call('HINCRBY', K.counter, 'offer', #chosen) or 0
for index, id in ipairs(chosen) do
  local ticket = loadTicket(id)
  ticket.offered = string.format('%.0f', last - #chosen + index)
  redis.call('HSET', K.ticket .. id, 'offered', ticket.offered)
  countIn(K.offeredOf, ticket.tenant, 1)
  bring(ticket)
end
writeLists()
return offers`,
);

/**
 * Gives a worker leases on tickets that were brought to it, as far as they can be handed out: in the order they came or, where
 * they are of several tenants, by rank and the shares of those. The offer of one that there is
 * no room for ends: it is offered anew when there is.
 */
export const PICK_BROUGHT = [
  HEAR,
  CATCH_UP,
  ROOM,
  SHARES,
  LEASE,
  `
local function pickTickets(worker, limit, leaseMs, capTotal, capTenant, presenceMs, name, ...)
  local brought = { ... }
  limit = tonumber(limit)
  if not hasJoined(worker) then return {} end
  hear(worker, tonumber(presenceMs))
  catchUp()
  capBy(capTotal, capTenant)

  local known, tenants, tenantsKnown = {}, {}, 0
  for index, id in ipairs(brought) do
    local ticket = not known[id] and loadTicket(id)
    known[id] = true
    if ticket and (ticket.at == 'lane' or ticket.at == 'late') and tonumber(ticket.due) <= now then
      if not tenants[ticket.tenant] then tenants[ticket.tenant], tenantsKnown = {}, tenantsKnown + 1 end
      table.insert(tenants[ticket.tenant], { id = id, ticket = ticket, due = index, member = id, late = ticket.at == 'late' })
    end
  end
  local picked = {}
  for _, rank in ipairs(tenantsKnown > 1 and { '0', '1', '2' } or { 'any' }) do
    local queues = {}
    for tenant, rows in pairs(tenants) do
      local ofRank = {}
      for _, row in ipairs(rows) do
        if rank == 'any' or row.ticket.rank == rank then ofRank[#ofRank + 1] = row end
      end
      queues[#queues + 1] = { tenant = tenant, listStream(ofRank) }
    end
    pickByShares(queues, picked, limit)
  end
  local isPicked = {}
  for _, id in ipairs(picked) do isPicked[id] = true end
  for _, rows in pairs(tenants) do
    for _, row in ipairs(rows) do
      if not isPicked[row.id] then endOffer(row.ticket) end
    end
  end
  return lease(picked, worker, leaseMs, name)
end`,
];

/**
 * The same by itself.
 * KEYS 1 base
 * ARGV 1 now  2 worker  3 limit  4 length of the lease  5 cap of all or ''  6 cap of a tenant or ''  7 how long a worker counts as alive  8 name of this hand-out  9… tickets
 * Returns for each ticket: id, run, job, attempt, turn, incarnation, token, end of the lease.
 */
export const PICK_OFFERED = script('pick-offered', CLOCK, TICKETS, ...PICK_BROUGHT, 'return pickTickets(unpack(ARGV, 2))');
