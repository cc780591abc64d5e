/** How many tickets are held, what a hand-out has given so far included, and whether caps leave room for one more. A cap that is not set is ''; those of tenants that differ are JSON: `{of: {<tenant>: n}, others?: n}`. */
export const ROOM = `
local capTotal, capTenant, openOffers
local capOf = {}
local held, given = {}, {}
local function capBy(total, tenant, offers)
  capTotal, capTenant, openOffers = tonumber(total), tonumber(tenant), offers
  if tenant ~= '' and not capTenant then
    local caps = cjson.decode(tenant)
    capTenant, capOf = caps.others, caps.of
  end
end
local function heldIn(field, offers)
  if not held[field] then held[field] = tonumber(redis.call('HGET', K.holding, field) or 0) + offers() end
  return held[field] + (given[field] or 0)
end
local function heldInAll()
  return heldIn('total', function() return openOffers or 0 end)
end
local function heldBy(tenant)
  return heldIn('tenant:' .. tenant, function() return openOffers and tonumber(redis.call('HGET', K.offeredOf, tenant) or 0) or 0 end)
end
local function isFull(tenant)
  local cap = capOf[tenant] or capTenant
  return (capTotal and heldInAll() >= capTotal) or (cap and heldBy(tenant) >= cap)
end
local function takeUp(tenant)
  local field = 'tenant:' .. tenant
  given.total, given[field] = (given.total or 0) + 1, (given[field] or 0) + 1
end`;

/**
 * Shares tickets of one priority out among tenants: the next is that of the tenant that holds the fewest; among tenants that
 * hold as many the one that fell due first, then the one that was queued first. A ticket that is late is not counted itself, and takes up no more room.
 * A queue is of one tenant: a list of streams, each a list of tickets in their order. Of a lane no more is read than is
 * needed, page by page, each twice as long as the one before.
 */
export const SHARES = `
local function laneStream(key, page, isSkipped)
  return { key = key, page = page, read = 0, rows = {}, at = 1, isSkipped = isSkipped or {} }
end
local function listStream(rows)
  return { rows = rows, at = 1 }
end

local function isBefore(a, b)
  return a.due < b.due or (a.due == b.due and a.member < b.member)
end

local function firstOf(stream)
  while stream.key and stream.at > #stream.rows do
    local due = redis.call('ZRANGE', stream.key, '-inf', now, 'BYSCORE', 'LIMIT', stream.read, stream.page, 'WITHSCORES')
    stream.rows, stream.at = {}, 1
    for index = 1, #due, 2 do
      local id = idOf(due[index])
      if not stream.isSkipped[id] then stream.rows[#stream.rows + 1] = { id = id, due = tonumber(due[index + 1]), member = due[index] } end
    end
    if #due < 2 * stream.page then stream.key = nil end
    stream.read, stream.page = stream.read + stream.page, stream.page * 2
  end
  return stream.rows[stream.at]
end

local function findFirst(queue, isAlone)
  queue.row, queue.stream = nil, nil
  local full = isFull(queue.tenant)
  for _, stream in ipairs(queue) do
    local row = nil
    if not (full and stream.key) then row = firstOf(stream) end
    while row and full and not row.late do
      stream.at = stream.at + 1
      row = stream.rows[stream.at]
    end
    if row and (not queue.row or isBefore(row, queue.row)) then queue.row, queue.stream = row, stream end
  end
  if queue.row and not isAlone then queue.share = heldBy(queue.tenant) - (queue.row.late and 1 or 0) end
end

local function goesBefore(a, b)
  if a.share ~= b.share then return a.share < b.share end
  return isBefore(a.row, b.row)
end

-- Adds to picked until there are as many as the limit says.
local function pickByShares(queues, picked, limit)
  local waiting = {}
  for _, queue in ipairs(queues) do
    findFirst(queue, #queues == 1)
    if queue.row then waiting[#waiting + 1] = queue end
  end
  table.sort(waiting, goesBefore)
  while #picked < limit and waiting[1] do
    local queue = table.remove(waiting, 1)
    local row = queue.row
    if row.late or not isFull(queue.tenant) then
      picked[#picked + 1] = row.id
      queue.stream.at = queue.stream.at + 1
      if not row.late then takeUp(queue.tenant) end
    end
    if #picked < limit then findFirst(queue, #queues == 1) end
    if queue.row then
      local from, to = 1, #waiting + 1
      while from < to do
        local middle = math.floor((from + to) / 2)
        if goesBefore(queue, waiting[middle]) then to = middle else from = middle + 1 end
      end
      table.insert(waiting, from, queue)
    end
  end
end

-- The queues of a rank: tickets beside the lanes by tenant, and lanes of tenants.
local function queuesOf(rank, beside, lanes, page, isSkipped)
  local queues, byTenant = {}, {}
  local function queueOf(tenant)
    if not byTenant[tenant] then
      byTenant[tenant] = { tenant = tenant }
      queues[#queues + 1] = byTenant[tenant]
    end
    return byTenant[tenant]
  end
  for _, lane in ipairs(lanes) do queueOf(lane.tenant) end
  for tenant, rows in pairs(beside[rank]) do
    table.sort(rows, isBefore)
    table.insert(queueOf(tenant), listStream(rows))
  end
  for _, lane in ipairs(lanes) do table.insert(queueOf(lane.tenant), laneStream(lane.start .. rank .. lane.rest, math.ceil(page / #queues), isSkipped)) end
  return queues
end

-- Due tickets in no lane, by rank and tenant: those whose lease ran out while their worker lives, and those that were queued just now.
local function ticketsBeside(isWanted)
  local beside = { ['0'] = {}, ['1'] = {}, ['2'] = {} }
  local function add(ticket, isLate)
    local due, ofRank = tonumber(ticket.due), beside[ticket.rank]
    if due > now or not isWanted(ticket) then return end
    ofRank[ticket.tenant] = ofRank[ticket.tenant] or {}
    table.insert(ofRank[ticket.tenant], { id = ticket.id, due = due, member = memberOf(ticket), late = isLate })
  end
  for _, id in ipairs(redis.call('ZRANGE', K.late, 0, -1)) do add(loadTicket(id), true) end
  for _, ticket in pairs(fresh) do add(ticket, false) end
  return beside
end`;
