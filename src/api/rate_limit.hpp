// Limits the rate of requests: so many a second, for each token or peer.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace coffer::api {

/// So many requests a second, and as many at once after a second without one. Zero: no limit.
struct request_rate {
    std::int64_t a_second = 0;
    [[nodiscard]] constexpr bool is_limited() const noexcept { return a_second != 0; }
};

/// Reads "100/s". Nothing if it is anything else, or not from 1/s to 1000000/s.
[[nodiscard]] std::optional<request_rate> parse_request_rate(std::string_view text) noexcept;

/// Nanoseconds of a clock that never goes back.
using rate_time = std::int64_t;
[[nodiscard]] inline rate_time rate_time_now() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds{1};
}

/// What one token or peer has used of its rate: the "theoretical arrival time" of the generic cell
/// rate algorithm (ITU-T I.371), a token bucket in one number.
/// Thread safety: lock-free; any thread may call any member.
class rate_bucket {
public:
    /// Takes one request. False if there have been too many: then it is not counted.
    [[nodiscard]] bool take(request_rate most, rate_time now) noexcept;
    /// Whether it is as if it had never been used.
    [[nodiscard]] bool is_full(rate_time now) const noexcept {
        return used_until_.load(std::memory_order_relaxed) <= now;  // relaxed: it guards nothing
    }

private:
    std::atomic<rate_time> used_until_{0};
};

/// The buckets of peers, in a fixed amount of memory.
///
/// A peer that is quiet for as long as its bucket takes to be full gives up its place. While all
/// the places that a peer can have are taken, it shares one of them with another peer. A peer
/// that comes just as its place is given to another may be counted for that one, or the other way
/// round.
/// Thread safety: lock-free; any thread may call any member.
class peer_buckets {
public:
    /// Throws std::bad_alloc.
    peer_buckets() : groups_{std::make_unique<group[]>(group_count)} {}

    /// Takes one request of this peer. False if there have been too many.
    [[nodiscard]] bool take(std::uint64_t peer, request_rate most, rate_time now) noexcept;

private:
    static constexpr std::size_t group_count = 2048;
    static constexpr std::size_t places_in_group = 8;

    struct place {
        std::atomic<std::uint64_t> owner{0};  // 0: none; else the peer's hash
        rate_bucket bucket;
    };
    using group = std::array<place, places_in_group>;

    std::unique_ptr<group[]> groups_;
};

}  // namespace coffer::api
