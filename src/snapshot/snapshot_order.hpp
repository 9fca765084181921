// A snapshot that somebody waits for.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace coffer::snapshot {

/// Thread safety: end is for the thread that takes snapshots; the members that it sets are for any
/// thread once `now` is no longer pending.
class snapshot_order {
public:
    enum class state : std::uint8_t { pending, taken, failed };

    /// `on_end`, which must not throw, is called once by the thread that takes snapshots.
    explicit snapshot_order(std::function<void()> on_end) : on_end_{std::move(on_end)} {}

    [[nodiscard]] state now() const noexcept {
        // Acquire: pairs with the release in end, so that what it has set is seen.
        return state_.load(std::memory_order_acquire);
    }

    void end(state how) noexcept {
        state_.store(how, std::memory_order_release);
        on_end_();
    }

    std::string name{};              ///< of the file, as in 12.json
    std::uint64_t after_record = 0;  ///< every record up to this one is in it
    std::size_t accounts = 0;
    std::chrono::nanoseconds took{0};

private:
    std::function<void()> on_end_;
    std::atomic<state> state_{state::pending};
};

}  // namespace coffer::snapshot
