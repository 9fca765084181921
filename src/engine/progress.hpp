// Says in the log, each second, how far something long has come.
#pragma once

#include <chrono>
#include <cstdint>

#include "ops/log.hpp"

namespace coffer {

/// Thread safety: none.
class progress {
public:
    /// `what` must outlive it: "records of the journal". `whole` is what `done` comes to.
    progress(const char* what, std::uint64_t whole) noexcept : what_{what}, whole_{whole} {}

    /// Logs, if a second has passed since the start or the last line.
    void report(std::uint64_t count, std::uint64_t done) noexcept {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < std::chrono::seconds{1})
            return;
        last_ = now;
        const std::uint64_t percent = whole_ == 0 ? 100 : 100 * done / whole_;
        log::info("recovering: {} {}, {} %", count, what_, percent);
    }

private:
    const char* what_;
    std::uint64_t whole_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace coffer
