// How much memory all connections hold together for what is under way: requests in part, and
// replies that clients do not take.
#pragma once

#include <atomic>
#include <cstddef>

namespace coffer::http {

/// Thread safety: all of it may be called from any thread at once. Lock-free: one atomic addition.
class buffered_total {
public:
    explicit buffered_total(std::size_t limit_bytes) noexcept : limit_bytes_{limit_bytes} {}

    [[nodiscard]] bool exceeded() const noexcept { return bytes() > limit_bytes_; }

    // Relaxed: a count that decides about nothing but itself, and may be a moment old.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return bytes_.load(std::memory_order_relaxed);
    }
    void add(std::size_t bytes) noexcept { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
    void subtract(std::size_t bytes) noexcept {
        bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }

private:
    const std::size_t limit_bytes_;
    std::atomic<std::size_t> bytes_{0};
};

/// What one connection holds of the total, until it ends. Thread safety: none.
class buffered_share {
public:
    explicit buffered_share(buffered_total& total) noexcept : total_{total} {}
    buffered_share(const buffered_share&) = delete;
    buffered_share& operator=(const buffered_share&) = delete;
    ~buffered_share() { set(0); }

    void set(std::size_t bytes) noexcept {
        if (bytes == bytes_)  // nearly always 0
            return;
        total_.add(bytes);
        total_.subtract(bytes_);
        bytes_ = bytes;
    }

private:
    buffered_total& total_;
    std::size_t bytes_ = 0;
};

}  // namespace coffer::http
