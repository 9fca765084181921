// The endpoint that shows the reply to the request that had an idempotency key.
#pragma once

#include "api/reply.hpp"
#include "api/route.hpp"

namespace coffer::api {

/// GET /idempotency-keys/{key}: changes nothing, and does not reserve the key.
void show_key(coffer::teller&, const call&, reply&);

}  // namespace coffer::api
