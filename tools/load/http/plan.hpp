// The data that all threads of a run share.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "load/funds.hpp"
#include "load/http/server_list.hpp"
#include "load/options.hpp"
#include "load/request_writer.hpp"
#include "load/tally.hpp"

namespace coffer::load {

struct plan {
    const options& chosen;
    server_list servers;         ///< with the leader as the run began
    std::vector<funds> opening;  ///< before the run, in the order of the accounts
    request_writer writer;
    window measured;
    std::chrono::steady_clock::time_point begin{};
    std::atomic<std::int64_t> interrupted_ns = std::numeric_limits<std::int64_t>::max();

    /// Nothing is sent from here on. Relaxed: nothing hangs on which thread sees it first.
    [[nodiscard]] std::int64_t stop_ns() const noexcept {
        return std::min(measured.end_ns, interrupted_ns.load(std::memory_order_relaxed));
    }
    /// Nothing is waited for from here on.
    [[nodiscard]] std::int64_t quit_ns() const noexcept {
        return stop_ns() + chosen.reply_limit_ms * 1'000'000;
    }

    [[nodiscard]] std::int64_t now_ns() const noexcept {
        return (std::chrono::steady_clock::now() - begin) / std::chrono::nanoseconds{1};
    }
};

}  // namespace coffer::load
