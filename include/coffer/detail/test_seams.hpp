// Where tests get in between: nothing of this is left in a program that does not ask for it.
//
// A test that defines COFFER_TEST_STEP before it includes the core, as a function-like macro, has
// it run between the steps of the protocols, to yield there. One that defines COFFER_PLANTED_BUG as
// the name of a bug has that bug planted, to see that the checks catch it. Either stands in every
// translation unit of a program or in none.
#pragma once

#include <chrono>
#include <cstdint>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

#if !defined(COFFER_TEST_STEP)
#define COFFER_TEST_STEP() static_cast<void>(0)
/// From the beginning of a cut to that of the next, at the least: see the limits in cut.hpp.
constexpr std::chrono::milliseconds cut_spacing() noexcept {
    return std::chrono::milliseconds{1};
}
#else
// A test that gets in between makes fewer cuts than there are epochs in a state.
constexpr std::chrono::milliseconds cut_spacing() noexcept {
    return std::chrono::milliseconds{0};
}
#endif

enum class bug : std::uint8_t {
    none,
    lost_retry,            ///< a failed compare-and-swap is taken for a posting
    epoch_before_state,    ///< a posting loads the epoch before the state
    before_not_saved,      ///< a posting after the cut does not save the state before it
    before_overwritten,    ///< a stale posting overwrites the state saved by another
    decided_twice,         ///< a transfer's status is stored whatever it was
    aborted_reused,        ///< a transfer's record is used again though helpers still read it
    committed_on_one_leg,  ///< a transfer commits before its second account is in hand
    commit_unseen,         ///< a reader takes an account in hand for as it was, though committed
};

#if defined(COFFER_PLANTED_BUG)
inline constexpr bug planted = bug::COFFER_PLANTED_BUG;
#else
inline constexpr bug planted = bug::none;
#endif

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
