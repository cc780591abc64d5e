import { CLOCK, EVEN_WHEN_FULL } from './installation.js';
import { script } from './script.js';

/** What stands in the way of a run, if anything, and whether its creation has begun before; and the beginning of it. */
export const RESERVE = `
local OLD_KEYS_AT_ONCE = 16
local function inTheWay(run, at, most, command, key, digest)
  if command ~= '' then
    local owner, ofOwner, kept = unpack(redis.call('HMGET', K.key .. key, 'run', 'digest', 'until'))
    if owner and tonumber(kept) >= tonumber(at) then
      if ofOwner ~= digest then return { 'key-conflict' } end
      local began = redis.call('HGET', K.commands, owner)
      if began then return { 'pending', owner, began } end
      return { 'repeated', owner }
    end
  end
  if redis.call('ZSCORE', K.runs, run) then return { 'repeated', run } end
  local reserved = redis.call('ZCARD', K.reserved)
  local again = reserved > 0 and redis.call('ZSCORE', K.reserved, run) ~= false
  if not again and redis.call('ZCARD', K.open) + reserved >= tonumber(most) then return { 'full' } end
  return nil, again
end
local function reserve(run, at, most, command, key, digest, kept)
  redis.call('ZADD', K.reserved, now, run)
  if command == '' then return end
  for _, old in ipairs(redis.call('ZRANGE', K.keysByTime, '-inf', '(' .. at, 'BYSCORE', 'LIMIT', 0, OLD_KEYS_AT_ONCE)) do
    redis.call('ZREM', K.keysByTime, old)
    redis.call('DEL', K.key .. old)
  end
  redis.call('HSET', K.key .. key, 'run', run, 'digest', digest, 'until', kept)
  redis.call('ZADD', K.keysByTime, kept, key)
  redis.call('HSET', K.commands, run, command)
end`;

/**
 * Begins the creation of a run, so that it is made once, whatever happens from here on. With an idempotency key the whole
 * command is kept: whoever meets the key finishes what it began.
 * KEYS 1 base
 * ARGV 1 now  2 run  3 time of the command  4 most open runs  5 command or ''  6 key  7 digest  8 kept until
 * Returns 'new', 'again' (it had begun before), 'full', 'key-conflict', 'repeated' and the run, or 'pending', the run and its command.
 */
export const RESERVE_RUN = script(
  'reserve-run',
  CLOCK,
  RESERVE,
  `
local answer, again = inTheWay(unpack(ARGV, 2))
if answer then return answer end
reserve(unpack(ARGV, 2))
return { again and 'again' or 'new' }`,
);

/**
 * Takes a reservation back whose run was refused and never opened.
 * KEYS 1 base
 * ARGV 1 now  2 run  3 key or ''
 */
export const TAKE_RESERVATION_BACK = script(
  'take-reservation-back',
  CLOCK,
  EVEN_WHEN_FULL,
  `
redis.call('ZREM', K.reserved, ARGV[2])
redis.call('HDEL', K.commands, ARGV[2])
if ARGV[3] ~= '' and redis.call('HGET', K.key .. ARGV[3], 'run') == ARGV[2] then
  redis.call('DEL', K.key .. ARGV[3])
  redis.call('ZREM', K.keysByTime, ARGV[3])
end
return 1`,
);
