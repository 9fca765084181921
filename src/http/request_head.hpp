// What a request's head says, as far as this server cares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/problem.hpp"
#include "api/request.hpp"
#include "http/limits.hpp"

namespace coffer::http {

/// A part of a request by its place. Views would go stale when the bytes move to a larger buffer.
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
    part accept;           ///< empty if there are several
    part idempotency_key;  ///< of the first of
    std::uint8_t idempotency_keys = 0;
    api::problem problem = api::problem::none;
};

/// Reads a whole head that the head_scanner let through. Refuses what RFC 9110 and 9112 say to
/// refuse, any doubt about where the body ends above all: then `problem` is set. How long a body may
/// be depends on its route, and is not checked here.
[[nodiscard]] request_head read_head(std::string_view head, const limits& allowed);

}  // namespace coffer::http
