// Computes the checksum of journals and snapshots, XXH3-64. src/journal/FORMAT.md has the reasons.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace coffer {

/// Returns the checksum of `bytes`. Thread safety: a pure function.
[[nodiscard]] std::uint64_t checksum(std::span<const std::byte> bytes) noexcept;

/// Computes the checksum of bytes that come in parts. Thread safety: none.
class running_checksum {
public:
    /// Throws std::bad_alloc.
    running_checksum();
    ~running_checksum();
    running_checksum(const running_checksum&) = delete;
    running_checksum& operator=(const running_checksum&) = delete;

    void add(std::span<const std::byte> part) noexcept;

    /// Returns the checksum of all parts that were added.
    [[nodiscard]] std::uint64_t value() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace coffer
