// A part of the account table: an array of accounts, and the words beside them.
//
// Thread safety  everything but construction and destruction may be called from any thread at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include <coffer/account.hpp>
#include <coffer/account_number.hpp>
#include <coffer/cut.hpp>
#include <coffer/detail/account_slot.hpp>
#include <coffer/detail/hash_bits.hpp>
#include <coffer/detail/zeroed_array.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

inline constexpr std::size_t accounts_per_line = cache_line_bytes / sizeof(account);
inline constexpr std::size_t window_accounts = 16;
static_assert(window_accounts % accounts_per_line == 0);

/// The number of a sealed slot. The account with this number is outside the segments.
inline constexpr account_number sealed = std::numeric_limits<account_number>::max();

/// An array of accounts, all free at first, and the arrays of the words beside them.
class segment {
public:
    /// Returns null if there is no memory.
    [[nodiscard]] static std::unique_ptr<segment> create(std::size_t lines) noexcept {
        auto made = std::unique_ptr<segment>{new (std::nothrow) segment{lines}};
        const bool whole = made && made->accounts_.begin() && made->before_.begin() &&
                           made->held_.begin() && made->held_before_.begin();
        return whole ? std::move(made) : nullptr;
    }
    segment(const segment&) = delete;
    segment& operator=(const segment&) = delete;

    /// The first slot of the window for `hash`.
    [[nodiscard]] account* window(hash_bits hash) const noexcept {
        return begin() + hash.take(lines_) * accounts_per_line;
    }
    /// The slot of one of this segment's accounts.
    [[nodiscard]] account_slot slot(account* one) const noexcept { return {one, &arrays_}; }

    [[nodiscard]] account* begin() const noexcept { return accounts_.begin(); }
    [[nodiscard]] account* end() const noexcept { return begin() + slots(lines_); }

    /// The number of accounts. Relaxed: a count that orders nothing.
    [[nodiscard]] std::size_t size() const noexcept {
        return size_.load(std::memory_order_relaxed);
    }
    /// Beyond a load of 3/5, longer searches cost more than another segment.
    [[nodiscard]] bool full() const noexcept {
        return size() >= lines_ * accounts_per_line / 5 * 3;
    }
    void count_one() noexcept { size_.fetch_add(1, std::memory_order_relaxed); }

private:
    explicit segment(std::size_t lines) noexcept
        : lines_{lines},
          accounts_{slots(lines)},
          before_{slots(lines)},
          held_{slots(lines)},
          held_before_{slots(lines)},
          arrays_{accounts_.begin(), before_.begin(), held_.begin(), held_before_.begin()} {}

    /// Windows do not wrap around: the last line's window extends behind it. Whole groups.
    static constexpr std::size_t slots(std::size_t lines) noexcept {
        const std::size_t least = lines * accounts_per_line + window_accounts - accounts_per_line;
        return (least + group_accounts - 1) / group_accounts * group_accounts;
    }

    std::size_t lines_;
    zeroed_array<account> accounts_;
    zeroed_array<double_word> before_;
    zeroed_array<state_cell> held_;
    zeroed_array<double_word> held_before_;
    account_arrays arrays_;
    std::atomic<std::size_t> size_{0};
};

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
