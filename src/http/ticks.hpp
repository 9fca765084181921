// A worker's clock, which costs its connections nothing: seconds, counted by one timer a worker.
#pragma once

#include <chrono>
#include <cstdint>

namespace coffer::http {

/// Whole seconds since the worker began.
using tick = std::int64_t;

/// The first tick by which at least `wait` has passed since some moment after tick `now`.
[[nodiscard]] constexpr tick tick_after(tick now, std::chrono::seconds wait) noexcept {
    return now + wait.count() + 1;
}

}  // namespace coffer::http
