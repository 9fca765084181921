// How much of anything a client may ask for, and how long it may take.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

namespace coffer::http {

inline constexpr std::size_t kibibyte = 1024;
inline constexpr std::size_t mebibyte = 1024 * kibibyte;

/// Each of these is a flag of `coffer serve`, and stands here with its default. They do not change
/// while a server runs.
struct limits {
    std::size_t target_bytes = 8 * kibibyte;
    std::size_t head_bytes = 16 * kibibyte;  ///< request line and fields together
    std::size_t body_bytes = 64 * kibibyte;
    /// Answered to one connection before it is the next one's turn.
    std::size_t requests_per_wake = 256;
    /// Replies to one client that it has not taken: nothing more is answered to it meanwhile.
    std::size_t output_bytes = 256 * kibibyte;
    /// Requests in part and replies not taken, of all connections together.
    std::size_t buffered_bytes = 256 * mebibyte;
    /// At once. One that waits takes about a kilobyte.
    std::size_t connections = 16 * 1024;
    /// From one address, or one /64 of IPv6. No limit of its own unless one is asked for: everyone
    /// behind a proxy has one address, and so has a load tester.
    std::size_t connections_per_peer = std::numeric_limits<std::size_t>::max();

    // Each phase has one deadline, set as it begins: a slow drip of bytes does not move it.
    /// From the end of a request to the next one's first byte. Longer than the 60 s after which
    /// usual load balancers close idle connections, so that they are never the ones surprised.
    std::chrono::seconds idle_timeout{75};
    /// From the first byte to the end of the fields.
    std::chrono::seconds head_timeout{10};
    /// From there to the end of the body.
    std::chrono::seconds body_timeout{30};
    /// For the client to take some of what it is sent: it starts again whenever it has.
    std::chrono::seconds write_timeout{30};
    /// For the client to close after the last reply.
    std::chrono::seconds linger_timeout{2};
    /// From the signal to stop until it begins to: it calls itself not ready, and serves.
    std::chrono::seconds drain_grace{0};
    /// For everything, once the server stops.
    std::chrono::seconds drain_timeout{5};

    /// A chunked body with its chunk headers and trailers.
    [[nodiscard]] constexpr std::size_t chunked_bytes() const noexcept { return 2 * body_bytes; }
    /// A method, two spaces and a version beside the target.
    [[nodiscard]] constexpr std::size_t request_line_bytes() const noexcept {
        return target_bytes + 64;
    }
    /// Connections over the limit that are told so and may linger until they have read it. Once
    /// there are as many, the rest wait to be accepted; those of a peer over its limit are shut.
    [[nodiscard]] constexpr std::size_t turned_away() const noexcept { return connections / 8 + 1; }
    /// Whether a target that is just not too long fits into a head.
    [[nodiscard]] constexpr bool are_consistent() const noexcept {
        return request_line_bytes() <= head_bytes;
    }
    /// Whether there is room for the largest request there may be, which would never arrive else:
    /// a chunked one as it comes and its content, each in a text that may have doubled.
    [[nodiscard]] constexpr bool can_hold_a_request() const noexcept {
        return buffered_bytes >= 2 * (head_bytes + chunked_bytes() + body_bytes);
    }
};

inline constexpr limits default_limits;
static_assert(default_limits.are_consistent() && default_limits.can_hold_a_request());

/// Read from a socket at once.
inline constexpr std::size_t read_bytes = 64 * kibibyte;
/// Read and thrown away after the last reply, so that the client gets to read it.
inline constexpr std::size_t linger_bytes = 1 * mebibyte;
/// Memory that a connection may keep, and that does not count as held.
inline constexpr std::size_t small_bytes = 1 * kibibyte;

/// `wanted` with as many connections as there are file descriptors for: each is one, those turned
/// away too, and `reserved` are for everything else. At least one.
[[nodiscard]] limits fit_to_descriptors(limits wanted, std::size_t descriptors,
                                        std::size_t reserved) noexcept;

}  // namespace coffer::http
