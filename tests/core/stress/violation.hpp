// What can be wrong with a history, each kind by its name: a test of a planted bug says by these
// names what the bug is to be found out by.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coffer::stress {

enum class violation_kind : std::uint8_t {
    sequence_out_of_range,
    sequence_twice,
    sequence_gap,
    opening_out_of_place,
    balance_does_not_follow,
    sequence_against_time,
    state_never_was,
    state_too_early,
    state_outdated,
    leg_unseen,
    held_does_not_follow,
    closed_account_posted_to,
    status_wrong,
    hold_changed_after_its_end,
    hold_does_not_follow,
    hold_never_was,
    open_account_denied,
    cut_state_never_was,
    cut_miscounted,
    cut_total_wrong,
    cut_has_half_a_transfer,
    cut_has_the_future,
    cut_lacks_the_past,
    cut_has_other_holds,
    never_ends,
};

/// In the order of violation_kind.
inline constexpr std::array<std::string_view, 25> violation_names{
    "sequence out of range",     // a posting has no sequence, or one far above all others
    "sequence twice",            // two postings of an account have one sequence
    "sequence gap",              // no posting has a sequence below that of another
    "opening out of place",      // the opening is not the first posting, or the first is none
    "balance does not follow",   // a balance is not the one before and the posting's gain
    "sequence against time",     // a posting was answered before one of a lower sequence was begun
    "state never was",           // an answer has a state that no posting left
    "state too early",           // an answer has the state left by a posting not yet begun
    "state outdated",            // an answer has a state though a later one had been shown
    "leg unseen",                // the same, where what had been shown was the transfer's other leg
    "held does not follow",      // a held total is not the one before and what the posting changed
    "closed account posted to",  // a posting to a closed account, or one reopened that was open
    "status wrong",              // an answer has an account as closed or open that was not
    "hold changed after its end",  // a hold is ended twice, or changed later
    "hold does not follow",        // what is left of a hold is not what its last change left
    "hold never was",              // an answer has a hold as it was not at that sequence
    "open account denied",         // a transfer lacks an account, though both had been shown open
    "cut state never was",         // a cut has a state that no posting left
    "cut miscounted",              // a cut counts other accounts than it shows
    "cut total wrong",             // a cut's total is not the sum of its balances
    "cut has half a transfer",     // a cut has one leg without the other
    "cut has the future",          // a cut has a posting that was begun after it
    "cut lacks the past",          // a cut lacks what happened before it, or before something in it
    "cut has other holds",         // a cut has holds that were not, or that do not add up
    "never ends",                  // an operation calls itself, or begins again, without end
};
static_assert(static_cast<std::size_t>(violation_kind::never_ends) + 1 == violation_names.size());

[[nodiscard]] constexpr std::string_view name_of(violation_kind kind) noexcept {
    return violation_names[static_cast<std::size_t>(kind)];
}

[[nodiscard]] constexpr std::optional<violation_kind> kind_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i != violation_names.size(); ++i)
        if (violation_names[i] == name)
            return static_cast<violation_kind>(i);
    return std::nullopt;
}

struct violation {
    violation_kind kind;
    std::string where;  ///< for people: which account, and what was said of it

    friend bool operator==(const violation&, const violation&) = default;
};

}  // namespace coffer::stress
