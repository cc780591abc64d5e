import { script } from './script.js';

/**
 * Stores log lines, all or none, while a lease is valid.
 * KEYS 1 run  2 tickets  3 lines  4 steps
 * ARGV 1 ticket  2 token  3 channel  4… (step, number, bytes, `<at> <line>`)…
 * Returns 'ok', 'fenced', or 'gap', the index of the line that does not follow and the number before it.
 */
export const APPEND_LINES = script(
  'append-lines',
  `
local packed = redis.call('HGET', KEYS[2], ARGV[1])
local token = packed and string.match(packed, '^%d+:(%d+):1$')
if token ~= ARGV[2] or redis.call('EXISTS', KEYS[1]) == 0 then return { 'fenced' } end
local steps, count = {}, redis.call('HLEN', KEYS[4])
local lines = {}
for index = 4, #ARGV, 4 do
  local name = ARGV[index]
  local step = steps[name]
  if not step then
    local known = redis.call('HGET', KEYS[4], name)
    if known then
      local number, last, bytes = string.match(known, '^(%d+):(%d+):(%d+)$')
      step = { number = number, last = tonumber(last), bytes = tonumber(bytes) }
    else
      count = count + 1
      step = { number = string.format('%.0f', count), last = 0, bytes = 0 }
    end
    steps[name] = step
  end
  if tonumber(ARGV[index + 1]) ~= step.last + 1 then return { 'gap', (index - 4) / 4, step.last } end
  step.last = step.last + 1
  step.bytes = step.bytes + tonumber(ARGV[index + 2])
  lines[#lines + 1] = step.number .. ' ' .. ARGV[index + 3]
end
for first = 1, #lines, 1000 do
  redis.call('RPUSH', KEYS[3], unpack(lines, first, math.min(first + 999, #lines)))
end
for name, step in pairs(steps) do redis.call('HSET', KEYS[4], name, string.format('%s:%.0f:%.0f', step.number, step.last, step.bytes)) end
if #lines > 0 then redis.call('PUBLISH', ARGV[3], '') end
return { 'ok' }`,
);

/**
 * Reads log lines, looking at a bounded number of them.
 * KEYS 1 lines  2 steps
 * ARGV 1 cursor  2 at most so many  3 look at so many  4 not older than, or ''  5 '=' and a job, or ''  6 '=' and a step, or ''
 * Returns the cursor it came to, how many lines there are in all, and (cursor, line)….
 */
export const READ_LINES = script(
  'read-lines',
  `
local cursor, limit, look, since = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local wanted = nil
if ARGV[5] ~= '' or ARGV[6] ~= '' then
  wanted = {}
  local steps = redis.call('HGETALL', KEYS[2])
  for index = 1, #steps, 2 do
    local name = cjson.decode(steps[index])
    if (ARGV[5] == '' or ARGV[5] == '=' .. name[1]) and (ARGV[6] == '' or ARGV[6] == '=' .. name[2]) then
      wanted[string.match(steps[index + 1], '^%d+')] = true
    end
  end
end
local total = redis.call('LLEN', KEYS[1])
local found = {}
local stop = math.min(total, cursor + look)
while cursor < stop and #found < 2 * limit do
  for _, packed in ipairs(redis.call('LRANGE', KEYS[1], cursor, math.min(cursor + 999, stop - 1))) do
    if #found >= 2 * limit then break end
    cursor = cursor + 1
    local step, at, line = string.match(packed, '^(%d+) (%S+) (.*)$')
    if not step then return redis.error_reply('DAMAGED log line ' .. cursor) end
    if (not wanted or wanted[step]) and (not since or tonumber(at) >= since) then
      found[#found + 1] = cursor
      found[#found + 1] = line
    end
  end
end
return { cursor, total, found }`,
);
