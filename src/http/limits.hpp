// The limits on what a client may send, occupy and delay.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

namespace coffer::http {

inline constexpr std::size_t kibibyte = 1024;
inline constexpr std::size_t mebibyte = 1024 * kibibyte;

/// Each member has a flag: command/serve_options.cpp has the names. Constant while a server runs.
struct limits {
    std::size_t target_bytes = 8 * kibibyte;
    std::size_t head_bytes = 16 * kibibyte;  ///< request line and fields together
    std::size_t body_bytes = 64 * kibibyte;
    /// Lines in a body that is taken line by line, but for empty ones. For its size: lines_bytes.
    std::size_t batch_lines = 10'000;
    /// Requests of one connection that are answered before other connections are served.
    std::size_t requests_per_wake = 256;
    /// Replies buffered for one client: when reached, it is answered no more until it takes some.
    std::size_t output_bytes = 256 * kibibyte;
    /// Incomplete requests and buffered replies of all connections together. Handshakes of TLS have
    /// a bound of their own: handshakes_bytes.
    std::size_t buffered_bytes = 256 * mebibyte;
    /// Open connections. An idle one takes less than a kibibyte of memory; with TLS some 16 KiB.
    std::size_t connections = 16 * 1024;
    /// Open connections from one peer (see admission.hpp). Unlimited by default: all clients behind
    /// a proxy have one address, and so has a load generator.
    std::size_t connections_per_peer = std::numeric_limits<std::size_t>::max();

    // Each phase has a deadline from its beginning, except where a comment says that it starts
    // again.
    /// From the end of a request to the first byte of the next. Longer than the 60 s after which
    /// common load balancers close idle connections, so that the balancer closes first.
    std::chrono::seconds idle_timeout{75};
    /// From the first byte to the end of the fields.
    std::chrono::seconds head_timeout{10};
    /// From there to the end of the body; for a body taken line by line, to the end of each line
    /// that is not empty, and from the last one that is taken to the end of the body.
    std::chrono::seconds body_timeout{30};
    /// For the client to acknowledge some of the bytes sent; starts again whenever it does.
    std::chrono::seconds write_timeout{30};
    /// For the client to close after the last reply.
    std::chrono::seconds linger_timeout{2};
    /// From the signal to stop until the drain begins: the server reports itself not ready, and
    /// serves.
    std::chrono::seconds drain_grace{0};
    /// For the whole drain.
    std::chrono::seconds drain_timeout{5};

    /// Size of a chunked body with its chunk headers and trailers.
    [[nodiscard]] constexpr std::size_t chunked_bytes() const noexcept { return 2 * body_bytes; }
    /// Size of a body that is taken line by line, if it is known at its beginning; and what is
    /// discarded of one after its last allowed line.
    [[nodiscard]] constexpr std::size_t lines_bytes(std::size_t max_line) const noexcept {
        return batch_lines * (max_line + 2);
    }
    /// Size of a request line: the target with method, two spaces and version.
    [[nodiscard]] constexpr std::size_t request_line_bytes() const noexcept {
        return target_bytes + 64;
    }
    /// Connections over the limit that are accepted to be refused in order. When all are taken,
    /// accepting pauses; further connections of a peer over its own limit are closed at once.
    [[nodiscard]] constexpr std::size_t turned_away() const noexcept { return connections / 8 + 1; }
    /// Handshakes of TLS under way. Beside `buffered_bytes`, so that clients that begin handshakes
    /// and do not finish them take nothing from requests. Beyond it no handshake begins.
    [[nodiscard]] constexpr std::size_t handshakes_bytes() const noexcept {
        return buffered_bytes / 4;
    }
    /// Whether the longest target fits into a head.
    [[nodiscard]] constexpr bool are_consistent() const noexcept {
        return request_line_bytes() <= head_bytes;
    }
    /// Whether the largest request fits into `buffered_bytes`; otherwise it could never be
    /// received. That is a chunked one, encoded and decoded, each in a string that may have
    /// doubled.
    [[nodiscard]] constexpr bool can_hold_a_request() const noexcept {
        return buffered_bytes >= 2 * (head_bytes + chunked_bytes() + body_bytes);
    }
};

inline constexpr limits default_limits;
static_assert(default_limits.are_consistent() && default_limits.can_hold_a_request());

/// Read from a socket by one call.
inline constexpr std::size_t read_bytes = 64 * kibibyte;
/// Read and discarded after the last reply, so that a reset does not destroy the reply.
inline constexpr std::size_t linger_bytes = 1 * mebibyte;
/// Memory of a handshake of TLS beyond that of an idle connection with TLS.
inline constexpr std::size_t handshake_bytes = 32 * kibibyte;
/// Memory of a string that a connection may keep, and that does not count as buffered.
inline constexpr std::size_t small_bytes = 1 * kibibyte;

/// Returns `wanted` with no more connections than there are file descriptors for. Each connection
/// takes one, those turned away too; `reserved` are for everything else. At least one connection.
[[nodiscard]] constexpr limits fit_to_descriptors(limits wanted, std::size_t descriptors,
                                                  std::size_t reserved) noexcept {
    const std::size_t left = descriptors > reserved ? descriptors - reserved : 0;
    if (wanted.connections + wanted.turned_away() > left)
        // Of 9 parts, one is for those turned away, and one descriptor more.
        wanted.connections = std::max(left, std::size_t{2}) * 8 / 9 - 1;
    wanted.connections = std::max(wanted.connections, std::size_t{1});
    return wanted;
}

}  // namespace coffer::http
