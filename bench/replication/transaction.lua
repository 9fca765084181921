-- Sends bare transactions to etcd's JSON gateway, each of which puts a new key as an append of one
-- posting does: three comparisons, and a value of BYTES.
--   wrk -t1 -c1 ... -s transaction.lua URL -- PREFIX BYTES

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Of a text whose length is a multiple of three.
local function base64(text)
   local out = {}
   for at = 1, #text, 3 do
      local a, b, c = text:byte(at, at + 2)
      local bits = a * 65536 + b * 256 + c
      for shift = 18, 0, -6 do
         local place = math.floor(bits / 2 ^ shift) % 64 + 1
         out[#out + 1] = alphabet:sub(place, place)
      end
   end
   return table.concat(out)
end

local number = 0
local threads = {}
refused = 0

function setup(thread)
   threads[#threads + 1] = thread
end

local function key(of)
   return base64(string.format("%s/log/%020d", prefix, of))
end

function init(words)
   -- With it, a key's length is a multiple of three.
   prefix = words[1] .. string.rep("x", (2 - #words[1]) % 3)
   value = string.rep("QUFB", math.ceil(tonumber(words[2]) / 3))
   leader = base64("coffer/none/leader...")
   wrk.method = "POST"
   wrk.path = "/v3/kv/txn"
   wrk.headers["Content-Type"] = "application/json"
end

function request()
   number = number + 1
   return wrk.format(nil, nil, nil, string.format(
      '{"compare":[{"target":"CREATE","key":"%s","create_revision":"0"},' ..
      '{"target":"VERSION","key":"%s","version":"0"},' ..
      '{"target":"VERSION","key":"%s","result":"GREATER","version":"-1"}],' ..
      '"success":[{"request_put":{"key":"%s","value":"%s"}}]}',
      leader, key(number), key(number - 1), key(number), value))
end

function response(status, headers, body)
   if status ~= 200 or not body:find('"succeeded":true', 1, true) then
      refused = refused + 1
   end
end

function done(summary, latency, requests)
   io.write(string.format('{"requests":%d,"seconds":%f,"p50_us":%d,"p99_us":%d,"failed":%d}\n',
                          summary.requests, summary.duration / 1e6, latency:percentile(50),
                          latency:percentile(99), threads[1]:get("refused") +
                          summary.errors.status + summary.errors.connect +
                          summary.errors.read + summary.errors.timeout))
end
