// The endpoints about the server itself.
#pragma once

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// Whether the server takes postings now, with each check: for load balancers.
void readiness(teller&, const call&, reply&);
/// Whether the event loops turn: for what restarts a server that hangs.
void health(teller&, const call&, reply&);
/// Takes a snapshot now, and answers when it is taken.
void take_snapshot(teller&, const call&, reply&);
/// Figures of the server in the text format of Prometheus, version 0.0.4.
void metrics(teller&, const call&, reply&);
/// The description of the API in OpenAPI 3.1, as it is in the folder openapi.
void openapi(teller&, const call&, reply&);

}  // namespace coffer::api
