// From a request to its endpoint.
#pragma once

#include "api/reply.hpp"
#include "api/request.hpp"
#include "engine/engine.hpp"

namespace coffer::api {

/// Answers one request in `out`. Posts nothing unless the answer is success. Throws nothing that
/// `reply`'s memory is large enough for.
void handle(engine& books, const request& asked, reply& out);

}  // namespace coffer::api
