import { CLOCK, EVEN_WHEN_FULL } from './installation.js';
import { script } from './script.js';

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
  `
local OLD_KEYS_AT_ONCE = 16
local run, at, keyed = ARGV[2], tonumber(ARGV[3]), ARGV[5] ~= ''
if keyed then
  local owner, digest, kept = unpack(redis.call('HMGET', K.key .. ARGV[6], 'run', 'digest', 'until'))
  if owner and tonumber(kept) >= at then
    if digest ~= ARGV[7] then return { 'key-conflict' } end
    local command = redis.call('HGET', K.commands, owner)
    if command then return { 'pending', owner, command } end
    return { 'repeated', owner }
  end
end
if redis.call('ZSCORE', K.runs, run) then return { 'repeated', run } end
local again = redis.call('ZSCORE', K.reserved, run)
if not again and redis.call('ZCARD', K.open) + redis.call('ZCARD', K.reserved) >= tonumber(ARGV[4]) then return { 'full' } end
redis.call('ZADD', K.reserved, now, run)
if keyed then
  for _, old in ipairs(redis.call('ZRANGE', K.keysByTime, '-inf', '(' .. ARGV[3], 'BYSCORE', 'LIMIT', 0, OLD_KEYS_AT_ONCE)) do
    redis.call('ZREM', K.keysByTime, old)
    redis.call('DEL', K.key .. old)
  end
  redis.call('HSET', K.key .. ARGV[6], 'run', run, 'digest', ARGV[7], 'until', ARGV[8])
  redis.call('ZADD', K.keysByTime, ARGV[8], ARGV[6])
  redis.call('HSET', K.commands, run, ARGV[5])
end
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
