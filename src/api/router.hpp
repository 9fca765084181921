// From a request to its endpoint.
#pragma once

#include "api/reply.hpp"
#include "api/request.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// Answers one request in `out`. Posts nothing unless the answer is success. Throws nothing that
/// `reply`'s memory is large enough for.
void handle(coffer::teller& teller, const request& asked, reply& out);

/// Whether the answer depends on the body of `asked`, which is yet to come. If not, because the
/// head alone is refused, for example, that answer is in `out`.
[[nodiscard]] bool wants_body(const coffer::teller& teller, const request& asked, reply& out);

}  // namespace coffer::api
