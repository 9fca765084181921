// The memory that connections buffer: requests in part, and replies that clients have not taken.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "http/limits.hpp"

namespace coffer::http {

/// Empties a text, and frees its memory unless it is small.
inline void give_back(std::string& text) noexcept {
    if (text.capacity() > small_bytes)
        std::string{}.swap(text);  // an assignment would keep it
    else
        text.clear();
}

/// Frees what a text has reserved beyond its content, if the content is small.
inline void give_back_beyond(std::string& text) {
    if (text.size() <= small_bytes && text.capacity() > small_bytes)
        std::string{text}.swap(text);
}

/// How many bytes of a text's memory count as buffered: small texts do not count.
[[nodiscard]] inline std::size_t buffered_bytes_of(const std::string& text) noexcept {
    return text.capacity() > small_bytes ? text.capacity() : 0;
}

/// The sum over all connections of a server, and its limit.
/// Thread safety: any thread may call any member. Lock-free: one atomic addition.
class buffered_total {
public:
    explicit buffered_total(std::size_t limit_bytes) noexcept : limit_bytes_{limit_bytes} {}

    [[nodiscard]] bool exceeded() const noexcept { return bytes() > limit_bytes_; }

    // Relaxed: nothing is read or written because of this count, and it may be a moment old.
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

/// One connection's part of the total, subtracted when the connection ends. Thread safety: none.
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
