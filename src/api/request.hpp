// A request as the API sees it: no bytes of HTTP, no socket.
#pragma once

#include <cstdint>
#include <string_view>

namespace coffer::api {

enum class method : std::uint8_t { get, post, options, other };

struct request {
    api::method method;
    std::string_view target;             ///< the path, and perhaps a query; or "*"
    std::string_view content_type;       ///< empty when there is none
    std::string_view body;               ///< empty when there is none
    std::string_view accept{};           ///< empty when there is none, or more than one
    std::string_view idempotency_key{};  ///< the first such field's value
    std::uint8_t idempotency_keys = 0;   ///< how many such fields there are
    // Empty when there is none; malformed text if there are several, or if the value is empty.
    std::string_view if_match{};
    std::string_view if_none_match{};
    std::string_view last_event_id{};
    bool has_key_text = false;  ///< `idempotency_key` is the key's text, not a field's value
    bool encoded = false;       ///< the body, by a Content-Encoding other than identity
};

}  // namespace coffer::api
