// Parses a request's head into the parts that the server uses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
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

/// The fields whose values are lists. Several lines of one are combined into one value, as RFC
/// 9110, section 5.3, has it.
enum class list_field : std::uint8_t { accept, if_match, if_none_match };
inline constexpr std::size_t list_fields = 3;

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
    part host;
    // Each of these two is all from the first to the last of several values, which is malformed.
    part origin;
    part authorization;
    part request_id;            ///< the first X-Request-Id's value
    bool wants_timing = false;  ///< X-Server-Timing: 1
    part content_type;
    std::array<part, list_fields> lists{};                     ///< the first line's values
    api::refusal_form refusals = api::refusal_form::envelope;  ///< by `accept`
    part idempotency_key;                                      ///< the first one's value
    std::uint8_t idempotency_keys = 0;  ///< how many such fields: 0, 1, or 2 for several
    bool has_rare_fields = false;       ///< a condition, or Last-Event-ID
    part last_event_id;  ///< the value; malformed text if there are several, or if it is empty
    api::problem problem = api::problem::none;
    /// The values of several lines, which are rare.
    std::unique_ptr<std::array<std::string, list_fields>> combined{};

    /// Adds the value of a line. `request` is what all parts are of.
    void add_line(list_field, part value, std::string_view request);
    /// Empty if there was no line. A condition is never empty: see request_head.cpp.
    [[nodiscard]] std::string_view list(list_field which, std::string_view request) const noexcept {
        const auto index = static_cast<std::size_t>(which);
        if (combined && !(*combined)[index].empty()) [[unlikely]]
            return (*combined)[index];
        return lists[index].of(request);
    }
};

/// Parses a complete head that head_scanner has accepted. Sets `problem` where RFC 9110 and 9112
/// require a refusal, above all if it is in doubt where the body ends. How long a body may be
/// depends on its route, and is not checked here.
[[nodiscard]] request_head read_head(std::string_view head, const limits& allowed);

}  // namespace coffer::http
