import { CLOCK, TICKETS } from './installation.js';
import { script } from './script.js';

/**
 * The time of the server that decides about tickets, in milliseconds.
 * KEYS 1 base
 * ARGV 1 now
 */
export const SERVER_TIME = script('server-time', CLOCK, `return string.format('%.0f', now)`);

/**
 * The tickets of a run.
 * KEYS 1 base
 * ARGV 1 now  2 run
 * Returns for each: id, job, attempt, turn, when it is due, rank, '1' when parked, its number; and when it is held: worker, token, end of the lease, 1 when that worker is alive.
 */
export const TICKETS_OF = script(
  'tickets-of',
  CLOCK,
  TICKETS,
  `
local rows = {}
for index, id in ipairs(redis.call('ZRANGE', K.ticketsOf .. ARGV[2], 0, -1)) do
  local row = redis.call('HMGET', K.ticket .. id, 'job', 'attempt', 'turn', 'due', 'rank', 'parked', 'n', 'worker', 'token', 'till')
  table.insert(row, 1, id)
  if row[9] then row[12] = isLive(row[9]) and 1 or 0 else row = { unpack(row, 1, 8) } end
  rows[index] = row
end
return rows`,
);

/**
 * How many tickets there are: held, due, later.
 * KEYS 1 base
 * ARGV 1 now
 */
export const COUNT_TICKETS = script(
  'count-tickets',
  CLOCK,
  `
local counted = redis.call('HMGET', K.counter, 'tickets', 'held', 'orphaned')
local tickets, held, orphaned = tonumber(counted[1] or 0), tonumber(counted[2] or 0), tonumber(counted[3] or 0)
local due = -orphaned
for _, rank in ipairs({ '0', '1', '2' }) do due = due + redis.call('ZCOUNT', K.lane .. rank, '-inf', now) end
return { held, due, tickets - held - due }`,
);

/**
 * What the workers that are alive serve.
 * KEYS 1 base
 * ARGV 1 now
 * Returns the scope of each, '' for all runs.
 */
export const LIVE_SCOPES = script(
  'live-scopes',
  CLOCK,
  `
local scopes = {}
for index, worker in ipairs(redis.call('ZRANGE', K.workers, '(' .. string.format('%.0f', now), '+inf', 'BYSCORE')) do
  scopes[index] = redis.call('HGET', K.worker .. worker, 'scope') or '[]'
end
return scopes`,
);

/**
 * The claims of a run.
 * KEYS 1 base
 * ARGV 1 now  2 run  3 at most so many of those ahead
 * Returns for each: job, group, how many are ahead, and who, as \`<run>/<job>\`.
 */
export const CLAIMS_OF = script(
  'claims-of',
  CLOCK,
  `
local claims = {}
local owners = redis.call('HGETALL', K.claimsOf .. ARGV[2])
for index = 1, #owners, 2 do
  local job, group = owners[index], owners[index + 1]
  local rank = redis.call('ZRANK', K.group .. group, ARGV[2] .. '/' .. job) or 0
  local shown = math.min(rank, tonumber(ARGV[3]))
  claims[#claims + 1] = { job, group, rank, shown > 0 and redis.call('ZRANGE', K.group .. group, 0, shown - 1) or {} }
end
return claims`,
);

/**
 * Waits, those that began first at the front, from the shortest list that holds them all.
 * KEYS 1 base
 * ARGV 1 now  2 after  3 limit  4 run or ''  5 '=' and a name, or ''  6 kind or ''  7 tenant or ''
 * Returns (number, wait as JSON)….
 */
export const LIST_WAITS = script(
  'list-waits',
  CLOCK,
  `
local after, limit, run, kind, tenant = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[6], ARGV[7]
local name = ARGV[5] ~= '' and string.sub(ARGV[5], 2) or nil
local list = K.waits
if run ~= '' then
  list = K.waitsOf .. run
elseif tenant ~= '' then
  list = K.waitsOfTenant .. tenant
  if name then
    list = K.waitsOfTenantName .. #tenant .. ':' .. tenant .. ':' .. name
  elseif kind ~= '' then
    list = K.waitsOfTenantKind .. kind .. ':' .. tenant
  end
elseif name then
  list = K.waitsOfName .. name
elseif kind ~= '' then
  list = K.waitsOfKind .. kind
end
local found = {}
while #found < 2 * limit do
  local page = redis.call('ZRANGE', list, '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, 100)
  if #page == 0 then break end
  for _, n in ipairs(page) do
    after = n
    local written = redis.call('HGET', K.waitData, n)
    local wait = cjson.decode(written)
    if (not name or wait.name == name) and (kind == '' or wait.kind == kind) and (tenant == '' or wait.tenant == tenant) and #found < 2 * limit then
      found[#found + 1] = n
      found[#found + 1] = written
    end
  end
end
return found`,
);

