// The endpoints: one function each, which fills the reply to one call.
#pragma once

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// These three allocate nothing, but for the memory of idempotency keys.
void balance(teller&, const call&, reply&);
void withdraw(teller&, const call&, reply&);
void deposit(teller&, const call&, reply&);

/// Whether the server takes postings now: for load balancers.
void readiness(teller&, const call&, reply&);
/// Figures of the server in the text format of Prometheus, version 0.0.4.
void metrics(teller&, const call&, reply&);

}  // namespace coffer::api
