// Hashes an account number, and turns the hash into a shard and a place in a segment.
#pragma once

#include <cstddef>
#include <cstdint>

#include <coffer/account_number.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

/// A hash whose high bits are used up call by call.
class hash_bits {
public:
    constexpr explicit hash_bits(account_number number) noexcept : bits_{mix(number)} {}

    /// Returns a number below `bound`, evenly spread, without a division (Lemire, "Fast random
    /// integer generation in an interval", 2019), and keeps the rest of the hash.
    constexpr std::size_t take(std::size_t bound) noexcept {
        __extension__ using wide = unsigned __int128;
        const wide product = static_cast<wide>(bits_) * bound;
        bits_ = static_cast<std::uint64_t>(product);
        return static_cast<std::size_t>(product >> 64);
    }

private:
    /// Fibonacci hashing (Knuth, vol. 3, section 6.4) with both halves of the product folded, as
    /// in Boost.Unordered. Consecutive numbers, which accounts mostly have, are further apart than
    /// random ones. The shift is for strides that would collide: of about a thousand that were
    /// tried, few have over 1 % of their numbers outside the windows, the worst 10 %.
    static constexpr std::uint64_t mix(std::uint64_t x) noexcept {
        __extension__ using wide = unsigned __int128;
        const wide product = static_cast<wide>(x ^ (x >> 15)) * 0x9e3779b97f4a7c15U;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::uint64_t bits_;
};

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
