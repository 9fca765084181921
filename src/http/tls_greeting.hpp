// What a client begins with on a port of TLS, before any of it is taken.
#pragma once

#include <cstddef>
#include <string_view>

namespace coffer::http {

struct tls_greeting {
    enum class kind {
        unfinished,  ///< the beginning of a handshake, or nothing
        handshake,   ///< a whole first record of one
        http,        ///< HTTP without TLS
        foreign,     ///< neither
    };
    kind what;
    std::size_t bytes = 0;  ///< while unfinished: how many must be there to see more
};

[[nodiscard]] tls_greeting read_greeting(std::string_view first_bytes) noexcept;

}  // namespace coffer::http
