-- Loads Coffer with wrk, one request at a time or pipelined:
--
--     wrk -t1 -c64 -d5s -s bench/http/wrk/coffer.lua http://127.0.0.1:5000 -- balance
--     wrk -t1 -c64 -d5s -s bench/http/wrk/coffer.lua http://127.0.0.1:5000 -- withdraw 16
--
-- Arguments after `--`: balance, withdraw, deposit, transfer or hold; the depth, which is the number of requests in
-- flight on a connection (1); the first account (10001); the number of accounts (9, the sample
-- accounts); and the value of -c (64). Each posting is of one cent; a transfer goes to the next
-- account, from the last to the first. A withdrawal from an empty account counts as an error.
--
-- All requests are rendered before the first one is sent, so that wrk needs little CPU. The last
-- line of output is JSON: `status` counts 4xx and 5xx; latencies are those of `depth` requests
-- together, as measured. The latencies that wrk prints itself include invented samples
-- ("corrected"), and are wrong for pipelined requests.

local batches = {}
local turn = 0
local threads = {}

function setup(thread)
   threads[#threads + 1] = thread
end

local function render(operation, account, next_account)
   local path = string.format("/accounts/%d/%s", account, operation)
   local body = '{"amount":0.01}'
   if operation == "balance" then
      return wrk.format("GET", path)
   elseif operation == "transfer" then
      body = string.format('{"to":"%d","amount":0.01}', next_account)
   elseif operation == "hold" then
      path = path .. "s"
   end
   return wrk.format("POST", path, {["Content-Type"] = "application/json"}, body)
end

function init(words)
   local operation = words[1] or "balance"
   local depth = tonumber(words[2] or 1)
   local first = tonumber(words[3] or 10001)
   local accounts = tonumber(words[4] or 9)
   connections = tonumber(words[5] or 64)
   for start = 0, accounts - 1 do
      local batch = {}
      for place = 0, depth - 1 do
         local at = start + place
         batch[#batch + 1] = render(operation, first + at % accounts, first + (at + 1) % accounts)
      end
      batches[#batches + 1] = table.concat(batch)
   end
end

function request()
   turn = turn % #batches + 1
   return batches[turn]
end

-- Latencies and how often each was measured. For each that is above the mean interval of a
-- connection's requests, wrk has added one an interval less, and so on down to the interval.
local function measured(summary, latency)
   local interval = math.floor(
      summary.duration / math.max(1, math.floor(summary.requests / threads[1]:get("connections"))))
   local counts, order, total = {}, {}, 0
   for place = 1, #latency do
      local value, count = latency(place)
      counts[value] = count
      order[place] = value
   end
   for _, value in ipairs(order) do
      if value > interval then
         counts[value] = math.max(counts[value] - (counts[value + interval] or 0), 0)
      end
      total = total + counts[value]
   end
   return counts, order, total
end

function done(summary, latency, _)
   local counts, order, total = measured(summary, latency)
   local function percentile(wanted)
      local seen = 0
      for _, value in ipairs(order) do
         seen = seen + counts[value]
         if seen >= total * wanted / 100 then
            return value
         end
      end
      return 0
   end
   local errors = summary.errors
   io.write(string.format(
      '{"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"status":%d,"failed":%d}\n',
      summary.requests, summary.duration / 1e6, percentile(50), percentile(99),
      errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
