-- Sends the same batch of deposits again and again, and prints the figures as a line of JSON.
--   wrk ... -s batch.lua URL/batch -- LINES FIRST_ACCOUNT ACCOUNTS

function init(args)
   local lines, first, accounts = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
   local body = {}
   for i = 1, lines do
      body[i] = string.format('{"operation":"deposit","account_number":"%d","amount":0.01}\n',
                              first + i % accounts)
   end
   wrk.method = "POST"
   wrk.headers["Content-Type"] = "application/x-ndjson"
   wrk.body = table.concat(body)
   batch = wrk.format()
end

function request()
   return batch
end

function done(summary, latency, requests)
   io.write(string.format('{"batches":%d,"seconds":%f,"p99_us":%f,"failed":%d}\n',
                          summary.requests, summary.duration / 1e6, latency:percentile(99),
                          summary.errors.status + summary.errors.connect +
                          summary.errors.read + summary.errors.timeout))
end
