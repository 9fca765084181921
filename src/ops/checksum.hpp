// The checksum of what is on the disk, XXH3-64: see src/journal/FORMAT.md for why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace coffer {

/// Thread safety: a pure function.
[[nodiscard]] std::uint64_t checksum(std::span<const std::byte> bytes) noexcept;

/// The same of bytes that come part by part. Thread safety: none.
class running_checksum {
public:
    /// Throws std::bad_alloc.
    running_checksum();
    ~running_checksum();
    running_checksum(const running_checksum&) = delete;
    running_checksum& operator=(const running_checksum&) = delete;

    void add(std::span<const std::byte> part) noexcept;

    /// Of all parts that were added.
    [[nodiscard]] std::uint64_t value() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace coffer
