import { CLOCK } from './installation.js';
import { script } from './script.js';

/** A bucket that is full again is as good as none; it stays a little longer, because the clock of a test can stand still. */
const KEPT_MS = 60_000;

/**
 * Takes tokens from all buckets or from none. The arithmetic is that of `refill` and `refillMs` of the contracts.
 * KEYS 1 base
 * ARGV 1 now  2 cost  3… (key, capacity, tokens per second)…
 * Returns 1 and what is left in the emptiest bucket, or 0, the place of the bucket that lacks the most time, and that time.
 */
export const TAKE_TOKENS = script(
  'take-tokens',
  CLOCK,
  `
local ROUNDING = 1e-6
local cost = tonumber(ARGV[2])
local levels, slowest, longest = {}, 0, 0
for index = 3, #ARGV, 3 do
  local capacity, perSecond = tonumber(ARGV[index + 1]), tonumber(ARGV[index + 2])
  local known = redis.call('HMGET', K.rate .. ARGV[index], 'tokens', 'at')
  local tokens = capacity
  if known[1] then tokens = math.min(capacity, tonumber(known[1]) + math.max(0, now - tonumber(known[2])) * perSecond / 1000) end
  levels[index] = tokens
  if tokens + ROUNDING < cost then
    local wait = math.max(1, math.ceil((cost - tokens) * 1000 / perSecond))
    if wait > longest then slowest, longest = (index - 3) / 3, wait end
  end
end
if longest > 0 then return { 0, slowest, string.format('%.0f', longest) } end
local least = math.huge
for index = 3, #ARGV, 3 do
  local tokens = math.max(0, levels[index] - cost)
  least = math.min(least, tokens)
  redis.call('HSET', K.rate .. ARGV[index], 'tokens', string.format('%.17g', tokens), 'at', string.format('%.0f', now))
  local full = math.ceil((tonumber(ARGV[index + 1]) - tokens) * 1000 / tonumber(ARGV[index + 2]))
  redis.call('PEXPIRE', K.rate .. ARGV[index], string.format('%.0f', math.min(full, 1e15) + ${String(KEPT_MS)}))
end
return { 1, string.format('%.17g', least) }`,
);
