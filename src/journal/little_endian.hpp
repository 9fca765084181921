// Reads and writes little-endian integers in bytes.
//
// Thread safety  every function is pure.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace coffer::journal {

// A big-endian machine would need byte swaps in the two functions below, and nowhere else.
static_assert(std::endian::native == std::endian::little);

/// The integer at `offset`, which need not be aligned.
template <class Integer>
[[nodiscard]] inline Integer get(std::span<const std::byte> from, std::size_t offset) noexcept {
    static_assert(std::is_integral_v<Integer>);
    Integer value;
    std::memcpy(&value, from.data() + offset, sizeof value);
    return value;
}

template <class Integer>
inline void put(std::span<std::byte> into, std::size_t offset,
                std::type_identity_t<Integer> value) noexcept {
    static_assert(std::is_integral_v<Integer>);
    std::memcpy(into.data() + offset, &value, sizeof value);
}

/// Whether all bytes are zero.
[[nodiscard]] inline bool is_zero(std::span<const std::byte> bytes) noexcept {
    // Compares all but the first with its neighbour before: as fast as memory.
    return bytes.empty() || (bytes[0] == std::byte{0} &&
                             std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace coffer::journal
