// Answers a request: finds its route, checks what the route's rules ask for, calls the endpoint.
#pragma once

#include <cstddef>
#include <memory>

#include "api/access_control.hpp"
#include "api/line_sink.hpp"
#include "api/reply.hpp"
#include "api/request.hpp"
#include "api/route_table.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// What a request was, for those who count and log requests.
struct handled {
    const route* chosen = nullptr;   ///< null if none was found
    const principal* who = nullptr;  ///< as in call
};

// These ask `guard` first, where they have one. Null, in tests: nobody is refused.

/// Fills the reply to a request whose body is complete; not for a route of body kind `lines`.
/// If the reply made here is a refusal, nothing was posted. (If the disk then does not answer, the
/// connection sends `outcome_unknown` instead of a success.) Does not throw if the reply has at
/// least reply::least_bytes reserved; endpoints that make streams or texts may throw.
handled handle(const route_table&, teller&, const request&, reply& out,
               access_control* guard = nullptr);

/// Whether a request whose body has not arrived may be answered. If not, the reply is in `out`.
/// Afterwards its `is_counted` is due.
[[nodiscard]] bool admit(const route_table&, const teller&, const request&, access_control& guard,
                         handled& done, reply& out);

/// Whether the reply to a request that was admitted depends on the body, which has not arrived.
/// False if the head alone decides it: then the reply is in `out`.
[[nodiscard]] bool wants_body(const route_table&, const teller&, const request&, reply& out);

/// Opens the sink for the body of a request whose route is of body kind `lines`, before the body
/// has arrived, for so many lines. Null if the request is refused: then the reply is in `out`.
[[nodiscard]] std::unique_ptr<line_sink> open_lines(const route_table&, teller&, const request&,
                                                    std::size_t max_lines, reply& out,
                                                    access_control* guard = nullptr);

}  // namespace coffer::api
