// Whether the balances changed by what the server acknowledged.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "load/own_books.hpp"
#include "load/tally.hpp"

namespace coffer::load {

/// An account whose balance is not what it must be.
struct deviation {
    std::size_t account;    ///< its place among the run's accounts
    std::int64_t by_minor;  ///< above zero: the balance is too high
};

struct audit_result {
    std::int64_t deposits_minor = 0;     ///< acknowledged
    std::int64_t withdrawals_minor = 0;  ///< acknowledged
    std::int64_t change_minor = 0;       ///< of all the balances together
    std::uint64_t doubted = 0;           ///< postings of which no reply came
    std::int64_t happened_minor = 0;     ///< what those of them that happened come to
    std::uint64_t loose = 0;             ///< accounts with too many in doubt to be sure to the cent
    std::uint64_t wrong_answers = 0;     ///< replies whose balance was not what it had to be
    std::vector<deviation> deviations;

    [[nodiscard]] bool exact() const noexcept { return deviations.empty() && wrong_answers == 0; }
    /// By how much the balances together are too high.
    [[nodiscard]] std::int64_t off_by_minor() const noexcept;
};

/// How surely a sum can come from some of the parts.
enum class reach : std::uint8_t { no, yes, maybe };

/// Whether some of `parts`, or none, add up to `sum`. Beyond a million different sums it is only
/// asked whether it lies between the lowest and the highest.
[[nodiscard]] reach can_add_up(std::span<const std::int64_t> parts, std::int64_t sum);

/// The audit of accounts that all connections posted to. Each account must have changed by what was
/// acknowledged and by some of what is in doubt for it.
[[nodiscard]] audit_result audit_shared(const tally&, std::span<const std::int64_t> opening_minor,
                                        std::span<const std::int64_t> closing_minor);

/// The audit of accounts that were each one connection's own.
[[nodiscard]] audit_result audit_own(const tally&, std::span<own_books*>,
                                     std::span<const std::int64_t> opening_minor,
                                     std::span<const std::int64_t> closing_minor);

}  // namespace coffer::load
