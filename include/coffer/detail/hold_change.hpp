// What capturing or releasing does to a hold.
#pragma once

#include <cstdint>
#include <optional>

#include <coffer/detail/state_cell.hpp>
#include <coffer/hold.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

/// What is done to an open hold: captured in all or in part, or ended without that.
struct hold_change {
    std::optional<money> captured{};  ///< of a capture; nothing: all that is left
    bool is_capture = false;
    bool is_final = false;  ///< what is not captured is released
    hold_status ended_as = hold_status::captured;
};

/// What that does to the hold, its account and what its holds hold.
struct hold_effect {
    errc error = errc::ok;
    money paid{};      ///< taken from what is held
    money released{};  ///< becomes available
    account_state hold{};
};

[[nodiscard]] inline hold_effect effect_of(const hold_change& change, const hold& before,
                                           account_state state) noexcept {
    hold_effect effect{};
    if (before.status != hold_status::held)
        return effect;  // refused as hold_ended, by check_change
    const money left = state.value;
    if (change.is_capture)
        effect.paid = change.captured.value_or(left);
    if (effect.paid > left) {
        effect.error = errc::hold_exceeded;
        return effect;
    }
    const money rest = money::from_minor(left.minor() - effect.paid.minor());
    const bool is_ended = change.is_final || rest == money{};
    effect.hold = state;
    effect.hold.sequence = state.sequence + 1;
    effect.hold.value = rest;
    if (is_ended) {
        effect.released = rest;
        effect.hold.value = money::from_minor(before.captured.minor() + effect.paid.minor());
        effect.hold.flags = static_cast<std::uint16_t>(change.ended_as);
    }
    return effect;
}

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
