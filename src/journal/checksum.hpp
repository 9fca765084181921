// The journal's checksum, XXH3-64: see FORMAT.md for why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace coffer::journal {

/// Thread safety: a pure function.
[[nodiscard]] std::uint64_t checksum(std::span<const std::byte> bytes) noexcept;

}  // namespace coffer::journal
