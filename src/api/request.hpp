// A request as the API sees it: no bytes of HTTP, no socket.
#pragma once

#include <cstdint>
#include <string_view>

namespace coffer::api {

enum class method : std::uint8_t { get, post, options, other };

/// What a request's listener is, as far as it matters to what is answered.
struct listener_facts {
    bool is_local = true;       ///< on a loopback address or a Unix socket
    bool checks_hosts = false;  ///< on a loopback address: a browser may be led there
    bool is_encrypted = false;  ///< by TLS
    /// Whether the operator's routes are answered here: see place::operations.
    bool has_operations = true;
};

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
    // Each is the field's value; empty when there is none, or where it is empty.
    std::string_view host{};
    bool lacks_host = false;              ///< HTTP/1.0 has no Host then
    std::string_view origin{};            ///< malformed text if there are several
    std::string_view authorization{};     ///< likewise
    const listener_facts* via = nullptr;  ///< null: a request that no listener took, in tests
    std::uint64_t peer = 0;               ///< who shares a rate limit: see http/admission.hpp
    /// Its rate has been counted already: when its head was complete, or before it waited.
    bool is_counted = false;
    bool has_key_text = false;  ///< `idempotency_key` is the key's text, not a field's value
    bool encoded = false;       ///< the body, by a Content-Encoding other than identity
};

}  // namespace coffer::api
