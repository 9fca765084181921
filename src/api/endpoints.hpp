// One small function an endpoint.
#pragma once

#include "api/reply.hpp"
#include "api/request.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// What an endpoint does with a request, to an account or, where its path has none, to 0. Allocates
/// nothing once `reply` exists, but for metrics and the memory of keys.
using endpoint = void (*)(teller&, account_number, const request&, reply&);

void balance(teller&, account_number, const request&, reply&);
void withdraw(teller&, account_number, const request&, reply&);
void deposit(teller&, account_number, const request&, reply&);

/// Whether accounts can be asked for yet: for load balancers.
void readiness(teller&, account_number, const request&, reply&);
/// Figures of the server in the text format of Prometheus, version 0.0.4.
void metrics(teller&, account_number, const request&, reply&);

}  // namespace coffer::api
