// The endpoints of what moves money between accounts.
#pragma once

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

// None of these allocates, but for the memory of idempotency keys.

void transfer(teller&, const call&, reply&);

/// The checks of the form come in this order: the array, how many postings it has, each posting,
/// the key, no account twice, and that the amounts add up to zero.
void transact(teller&, const call&, reply&);

}  // namespace coffer::api
