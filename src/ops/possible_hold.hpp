// What a hold may be, wherever it was read from.
#pragma once

#include <coffer/account.hpp>
#include <coffer/hold.hpp>

namespace coffer {

/// Whether the parts of a hold are consistent with each other: an open one has what was not
/// captured of it, one that has ended has nothing.
[[nodiscard]] inline bool is_possible_hold(const hold& one) noexcept {
    if (one.id.sequence < 2 || one.id.sequence > account::max_sequence || one.expires_at_ns < 0)
        return false;
    if (one.captured < money{} || one.amount <= money{} || one.captured > one.amount)
        return false;
    if (one.status == hold_status::captured && one.captured == money{})
        return false;
    const money left = money::from_minor(one.amount.minor() - one.captured.minor());
    if (one.status == hold_status::held)
        return one.remaining == left && left > money{};
    return one.remaining == money{} && (one.status == hold_status::captured || left > money{});
}

}  // namespace coffer
