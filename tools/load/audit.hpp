// Checks that the balances changed by what the server acknowledged.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "load/expected_balances.hpp"
#include "load/tally.hpp"

namespace coffer::load {

/// An account with a wrong balance.
struct deviation {
    std::size_t account;    ///< its place among the run's accounts
    std::int64_t by_minor;  ///< above zero: the balance is too high
};

struct audit_result {
    std::int64_t deposits_minor = 0;     ///< acknowledged
    std::int64_t withdrawals_minor = 0;  ///< acknowledged
    std::int64_t change_minor = 0;       ///< of all the balances together
    std::uint64_t doubted = 0;           ///< postings without a reply
    std::int64_t happened_minor = 0;     ///< the sum of those of them that were executed
    std::uint64_t loose = 0;             ///< accounts with too many in doubt to be sure to the cent
    std::uint64_t wrong_answers = 0;     ///< replies with another balance than expected
    std::vector<deviation> deviations;

    [[nodiscard]] bool exact() const noexcept { return deviations.empty() && wrong_answers == 0; }
    /// By how much the balances together are too high.
    [[nodiscard]] std::int64_t off_by_minor() const noexcept;
};

/// How surely a sum can come from some of the parts.
enum class reach : std::uint8_t { no, yes, maybe };

/// Whether some of `parts`, or none, add up to `sum`. Beyond a million different sums, `maybe` if
/// it is between the lowest and the highest possible sum.
[[nodiscard]] reach can_add_up(std::span<const std::int64_t> parts, std::int64_t sum);

/// Audits accounts that all connections posted to. Each account must have changed by what was
/// acknowledged and by some of its postings in doubt.
[[nodiscard]] audit_result audit_shared(const tally&, std::span<const std::int64_t> opening_minor,
                                        std::span<const std::int64_t> closing_minor);

/// Audits accounts that one connection each posted to.
[[nodiscard]] audit_result audit_own(const tally&, std::span<expected_balances*>,
                                     std::span<const std::int64_t> opening_minor,
                                     std::span<const std::int64_t> closing_minor);

}  // namespace coffer::load
