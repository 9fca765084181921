// How long a thread has had nothing to do.
#pragma once

#include <chrono>

namespace coffer::http {

/// Thread safety: none, and it is about the thread that calls it.
class idle_time {
public:
    using duration = std::chrono::steady_clock::duration;

    /// Begins to count.
    void begin() noexcept { begin_ = now(); }

    struct found {
        duration passed;
        duration idle;  ///< none if the thread was interrupted: then it may have had more to do
    };
    [[nodiscard]] found since_begin() const noexcept;

private:
    struct reading {
        std::chrono::steady_clock::time_point at{};
        duration busy{};
        long interruptions = 0;
    };
    [[nodiscard]] static reading now() noexcept;

    reading begin_{};
};

}  // namespace coffer::http
