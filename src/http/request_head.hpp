// Parses a request's head into the parts that the server uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/problem.hpp"
#include "api/reply.hpp"
#include "api/request.hpp"
#include "http/limits.hpp"

namespace coffer::http {

/// A part of a request by offset and size. Views would dangle when the bytes move to a larger
/// buffer.
struct part {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    [[nodiscard]] std::string_view of(std::string_view request) const noexcept {
        return request.substr(offset, size);
    }
};

struct request_head {
    api::method method = api::method::other;
    bool is_head = false;  ///< HEAD: answered as GET, without the body
    bool is_http_1_0 = false;
    bool keep_alive = false;
    bool chunked = false;
    bool expects_continue = false;
    bool encoded_content = false;  ///< by a Content-Encoding other than identity
    std::size_t content_length = 0;
    part target;
    part content_type;
    part accept;                                               ///< empty if there are several
    api::refusal_form refusals = api::refusal_form::envelope;  ///< by `accept`
    part idempotency_key;                                      ///< the first one's value
    std::uint8_t idempotency_keys = 0;  ///< how many such fields: 0, 1, or 2 for several
    bool has_rare_fields = false;       ///< any of those below
    // Of these the value; malformed text if there are several, or if it is empty.
    part if_match;
    part if_none_match;
    part last_event_id;
    api::problem problem = api::problem::none;
};

/// Parses a complete head that head_scanner has accepted. Sets `problem` where RFC 9110 and 9112
/// require a refusal, above all if it is in doubt where the body ends. How long a body may be
/// depends on its route, and is not checked here.
[[nodiscard]] request_head read_head(std::string_view head, const limits& allowed);

}  // namespace coffer::http
