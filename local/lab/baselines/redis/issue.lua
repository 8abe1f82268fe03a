-- One coupon to one customer, never over the total: KEYS are the issued counter and the set of who holds one.
-- 1: issued, 0: sold out, -1: held already.
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then return -1 end
if redis.call('INCR', KEYS[1]) > tonumber(ARGV[2]) then
  redis.call('DECR', KEYS[1])
  return 0
end
redis.call('SADD', KEYS[2], ARGV[1])
return 1
