// Whether a worker makes postings, so that streams make way for them.
#pragma once

#include <chrono>
#include <cstdint>

#include "engine/teller.hpp"

namespace coffer::api {

/// Thread safety: none.
class posting_watch {
public:
    static constexpr std::chrono::milliseconds busy_after_posting{10};

    /// Whether the teller has made a posting lately, so that others are expected. To be called
    /// regularly.
    [[nodiscard]] bool is_busy(const teller& one, std::chrono::steady_clock::time_point now) {
        if (postings_seen_ != one.postings()) {
            postings_seen_ = one.postings();
            busy_until_ = now + busy_after_posting;
        }
        return now < busy_until_;
    }

private:
    std::uint64_t postings_seen_ = 0;
    std::chrono::steady_clock::time_point busy_until_{};
};

}  // namespace coffer::api
