import { TIME_LIMIT } from '@kb-labs/contracts';

/**
 * Concurrency groups. An owner is \`<run>/<job>\`, with an empty job for a run as a whole. A ticket is parked while its
 * owner, or its run, is not first in a group.
 */
const CLAIMS = `
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
const WAITS = `
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

/** Both. Lua makes functions anew for each call, and most calls need none of these: they are made when the first is asked for. */
export const CLAIMS_AND_WAITS = `
local made
local function claimsAndWaits()
  if made then return made end
${CLAIMS}
${WAITS}
  made = {
    isBlocked = isBlocked, endClaim = endClaim, placeClaim = placeClaim, dropClaimsOf = dropClaimsOf,
    openWait = openWait, closeWaits = closeWaits, dropWaitsOf = dropWaitsOf,
  }
  return made
end`;
