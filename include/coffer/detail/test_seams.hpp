// Lets tests interrupt the protocols and plant bugs; has no effect in other programs.
//
// If a test defines the function-like macro COFFER_TEST_STEP before it includes the core, that runs
// between the steps of the protocols, to yield there. If it defines COFFER_PLANTED_BUG as the name
// of a bug, the core has that bug, to show that the checks find it. Each must be the same in all
// translation units of a program.
#pragma once

#include <chrono>
#include <cstdint>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

#if !defined(COFFER_TEST_STEP)
#define COFFER_TEST_STEP() static_cast<void>(0)
/// The least time from the beginning of a cut to that of the next: see the limits in cut.hpp.
constexpr std::chrono::milliseconds cut_spacing() noexcept {
    return std::chrono::milliseconds{1};
}
#else
// While others post, such a test makes fewer cuts than a state has epochs.
constexpr std::chrono::milliseconds cut_spacing() noexcept {
    return std::chrono::milliseconds{0};
}
#endif

enum class bug : std::uint8_t {
    none,
    lost_retry,            ///< a failed compare-and-swap counts as a posting
    epoch_before_state,    ///< a posting loads the epoch before the state
    before_not_saved,      ///< a posting after the cut does not save the state before it
    before_overwritten,    ///< a stale posting overwrites the state saved by another
    leftovers_not_moved,   ///< a cut begins though an abandoned one has not moved every account
    decided_twice,         ///< a transfer's status is stored even if it is decided
    aborted_reused,        ///< a transfer's record is used again though helpers still read it
    committed_on_one_leg,  ///< a transfer commits before its second account is reserved
    commit_unseen,         ///< a reader returns the state before a committed transfer
    sum_read_torn,         ///< a balance is read with the held total of another sequence
    released_twice,        ///< each thread that completes a transaction changes its held words
    leg_order,             ///< a transaction reserves its accounts in the caller's order
    committed_before_reserved,  ///< a reader looks at a transaction's status before its account
    stale_generation,           ///< a hold's id is found by its slot alone
};

#if defined(COFFER_PLANTED_BUG)
inline constexpr bug planted = bug::COFFER_PLANTED_BUG;
#else
inline constexpr bug planted = bug::none;
#endif

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
