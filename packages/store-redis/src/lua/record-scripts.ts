import { CLOCK } from './installation.js';
import { script } from './script.js';

/** A record whose time is over is not there. */
const RECORD = `
local function readRecord(name)
  local record = redis.call('HMGET', K.record .. name, 'version', 'value', 'until')
  if not record[1] or (record[3] and tonumber(record[3]) <= now) then return nil end
  return record
end`;

/**
 * KEYS 1 base
 * ARGV 1 now  2 `<kind>:<key>`
 * Returns version and value, or nothing.
 */
export const GET_RECORD = script(
  'get-record',
  CLOCK,
  RECORD,
  `
local record = readRecord(ARGV[2])
return record and { record[1], record[2] } or {}`,
);

/**
 * Records of one kind between two bounds of ZRANGE … BYLEX; those that are over are passed over.
 * KEYS 1 base
 * ARGV 1 now  2 kind  3 from  4 to  5 '1': from the end  6 at most so many
 * Returns (key, version, value)….
 */
export const LIST_RECORDS = script(
  'list-records',
  CLOCK,
  RECORD,
  `
local kind, from, to, descending, limit = ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1', tonumber(ARGV[6])
local found, count = {}, 0
while count < limit do
  local page
  if descending then
    page = redis.call('ZRANGE', K.recordsOf .. kind, to, from, 'BYLEX', 'REV', 'LIMIT', 0, limit - count)
  else
    page = redis.call('ZRANGE', K.recordsOf .. kind, from, to, 'BYLEX', 'LIMIT', 0, limit - count)
  end
  if #page == 0 then break end
  for _, key in ipairs(page) do
    local record = readRecord(kind .. ':' .. key)
    if record then
      count = count + 1
      found[#found + 1], found[#found + 2], found[#found + 3] = key, record[1], record[2]
    end
  end
  if descending then to = '(' .. page[#page] else from = '(' .. page[#page] end
end
return found`,
);

/** How many records that are past their time one write removes. */
const RECORDS_PER_SWEEP = 16;

/**
 * Writes all changes, or none when one of the versions is another.
 * KEYS 1 base
 * ARGV 1 now  2… (kind, key, expected or '', '1' to write or '0' to remove, value, end or '')…
 * Returns 1 or 0.
 */
export const WRITE_RECORDS = script(
  'write-records',
  CLOCK,
  RECORD,
  `
local function dropRecord(kind, key)
  redis.call('DEL', K.record .. kind .. ':' .. key)
  redis.call('ZREM', K.recordsOf .. kind, key)
  redis.call('ZREM', K.recordsByTime, kind .. ':' .. key)
end
local versions = {}
for index = 2, #ARGV, 6 do
  local record = readRecord(ARGV[index] .. ':' .. ARGV[index + 1])
  versions[index] = record and tonumber(record[1]) or 0
  if ARGV[index + 2] ~= '' and tonumber(ARGV[index + 2]) ~= versions[index] then return 0 end
end
for _, name in ipairs(redis.call('ZRANGE', K.recordsByTime, '-inf', now, 'BYSCORE', 'LIMIT', 0, ${String(RECORDS_PER_SWEEP)})) do
  dropRecord(string.match(name, '^([^:]*):(.*)$'))
end
for index = 2, #ARGV, 6 do
  local kind, key, value, till = ARGV[index], ARGV[index + 1], ARGV[index + 4], ARGV[index + 5]
  if ARGV[index + 3] == '0' then
    dropRecord(kind, key)
  else
    redis.call('HSET', K.record .. kind .. ':' .. key, 'version', string.format('%.0f', versions[index] + 1), 'value', value)
    redis.call('ZADD', K.recordsOf .. kind, 0, key)
    if till == '' then
      redis.call('HDEL', K.record .. kind .. ':' .. key, 'until')
      redis.call('ZREM', K.recordsByTime, kind .. ':' .. key)
    else
      redis.call('HSET', K.record .. kind .. ':' .. key, 'until', till)
      redis.call('ZADD', K.recordsByTime, till, kind .. ':' .. key)
    end
  end
end
return 1`,
);
