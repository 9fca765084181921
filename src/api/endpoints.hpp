// One small function an endpoint.
#pragma once

#include "api/reply.hpp"
#include "api/request.hpp"
#include "engine/engine.hpp"

namespace coffer::api {

/// What an endpoint does with a request to an account. Allocates nothing once `reply` exists.
using endpoint = void (*)(engine&, account_number, const request&, reply&);

void balance(engine&, account_number, const request&, reply&);
void withdraw(engine&, account_number, const request&, reply&);
void deposit(engine&, account_number, const request&, reply&);

}  // namespace coffer::api
