// What a client sends first on a port of TLS, looked at before any of it is taken.
#pragma once

#include <cstddef>
#include <string_view>

namespace coffer::http {

struct tls_greeting {
    enum class kind {
        unfinished,  ///< the beginning of a ClientHello, or nothing
        handshake,   ///< the records of a whole ClientHello
        http,        ///< HTTP without TLS
        foreign,     ///< none of these, or a ClientHello of more than `most_greeting_bytes`
    };
    kind what;
    std::size_t bytes = 0;  ///< while unfinished: how many must be there to see more
};

/// All records of a ClientHello together. Those of browsers have less than 2 KiB.
inline constexpr std::size_t most_greeting_bytes = std::size_t{16} * 1024;

[[nodiscard]] tls_greeting read_greeting(std::string_view first_bytes) noexcept;

}  // namespace coffer::http
