// How far a log of files has come, for a history that reads beside it.
#pragma once

#include <atomic>
#include <cstdint>

namespace coffer::journal {

/// Written by the log. Thread safety: any thread may read it.
struct log_progress {
    /// All records below are durable. 0: the log is not open yet, and nothing is appended to it.
    std::atomic<std::uint64_t> durable_end{0};
    /// All records below have been trimmed, or are just being.
    std::atomic<std::uint64_t> first_record{1};

    // Release: each pairs with the acquires of those that read it, so that they find what is
    // durable, and do not miss what is removed after it was noted.
    void note_durable(std::uint64_t end) noexcept {
        durable_end.store(end, std::memory_order_release);
    }
    void note_trimmed(std::uint64_t first) noexcept {
        first_record.store(first, std::memory_order_release);
    }
};

}  // namespace coffer::journal
