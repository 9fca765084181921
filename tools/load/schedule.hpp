// Computes when requests are due in an open loop.
#pragma once

#include <cstdint>
#include <optional>

namespace coffer::load {

/// Requests at a steady rate. A request that cannot be sent when it is due stays due, with the time
/// it was meant for: so a server that stalls delays requests in the figures, and not the clock.
class schedule {
public:
    /// `rate` requests a second, the first of them `begin_ns` after the run began.
    schedule(double rate, std::int64_t begin_ns) noexcept
        : interval_ns_{1e9 / rate}, begin_ns_{begin_ns} {}

    /// When the next request is due.
    [[nodiscard]] std::int64_t next_ns() const noexcept { return due_ns(taken_); }

    /// Takes the next request, and says when it was meant to be sent; nothing if none is due yet.
    std::optional<std::int64_t> take(std::int64_t now_ns) noexcept {
        const std::int64_t due = next_ns();
        if (due > now_ns)
            return std::nullopt;
        ++taken_;
        return due;
    }

    /// How many requests were due before `end_ns` and have not been taken.
    [[nodiscard]] std::uint64_t left(std::int64_t end_ns) const noexcept {
        std::uint64_t left = 0;
        if (next_ns() < end_ns)
            left = static_cast<std::uint64_t>(
                static_cast<double>(end_ns - 1 - next_ns()) / interval_ns_ + 1);
        return left;
    }

private:
    // From the count and not from the last: so that rounding does not add up over hours.
    [[nodiscard]] std::int64_t due_ns(std::uint64_t which) const noexcept {
        return begin_ns_ + static_cast<std::int64_t>(static_cast<double>(which) * interval_ns_);
    }

    double interval_ns_;
    std::int64_t begin_ns_;
    std::uint64_t taken_ = 0;
};

}  // namespace coffer::load
