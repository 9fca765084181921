// Checks that the balances changed by what the server acknowledged.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "load/expected_balances.hpp"
#include "load/tally.hpp"

namespace coffer::load {

/// An account with a wrong balance, or with holds that hold the wrong sum.
struct deviation {
    std::size_t account;  ///< its place among the run's accounts
    funds by;             ///< above zero: there is too much
};

struct audit_result {
    std::int64_t deposits_minor = 0;     ///< acknowledged
    std::int64_t withdrawals_minor = 0;  ///< acknowledged
    std::int64_t captures_minor = 0;     ///< acknowledged
    funds acknowledged;                  ///< the changes of all accounts together
    funds change;                        ///< what they did change by
    std::uint64_t doubted = 0;           ///< postings without a reply
    funds happened;                      ///< the sum of those of them that were executed
    std::uint64_t loose = 0;             ///< accounts with too many in doubt to be sure to the cent
    std::uint64_t wrong_answers = 0;     ///< replies with another balance than expected
    bool is_torn = false;  ///< of a posting in doubt to several accounts, only a part was executed
    std::vector<deviation> deviations;

    [[nodiscard]] bool exact() const noexcept {
        return deviations.empty() && wrong_answers == 0 && !is_torn;
    }
    /// By how much all accounts together have too much.
    [[nodiscard]] funds off_by() const noexcept { return change - acknowledged - happened; }
};

/// How surely a sum can come from some of the parts.
enum class reach : std::uint8_t { no, yes, maybe };

/// Whether some of `parts`, or none, add up to `sum`. Beyond a million different sums, `maybe` if
/// it is between the lowest and the highest possible sum.
[[nodiscard]] reach can_add_up(std::span<const std::int64_t> parts, std::int64_t sum);

/// Audits accounts that all connections posted to. Each account must have changed by what was
/// acknowledged and by some of its postings in doubt, and all of them together by what some
/// postings in doubt change in all: a transfer changes nothing, if both of its accounts have it.
[[nodiscard]] audit_result audit_shared(const tally&, std::span<const funds> opening,
                                        std::span<const funds> closing);

/// Audits accounts that one connection each posted to.
[[nodiscard]] audit_result audit_own(const tally&, std::span<expected_balances*>,
                                     std::span<const funds> opening,
                                     std::span<const funds> closing);

}  // namespace coffer::load
