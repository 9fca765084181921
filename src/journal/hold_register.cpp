#include "journal/hold_register.hpp"

#include "ops/hold_id_text.hpp"

namespace coffer::journal {
namespace {

money difference(money of, money less) noexcept {
    return money::from_minor(of.minor() - less.minor());
}

/// What was captured of the hold before this record.
money captured_before(const record& holding) noexcept {
    return holding.holding == hold_operation::capture
               ? difference(holding.hold.captured, holding.amount)
               : holding.hold.captured;
}

std::string not_there(const hold& one) {
    return "is of " + hold_text(one.id) + ", which is not there";
}

}  // namespace

std::string why_not_after(const hold* last, const record& holding) {
    const hold& after = holding.hold;
    if (last == nullptr)
        return not_there(after);
    const hold& before = *last;
    if (before.account != after.account || before.id != after.id)
        return not_there(after);
    if (before.status != hold_status::held)
        return "is of " + hold_text(after.id) + ", which has ended before";
    if (before.amount != after.amount || before.expires_at_ns != after.expires_at_ns)
        return "changes the amount or the end of " + hold_text(after.id);
    if (before.captured != captured_before(holding))
        return "leaves " + to_string(after.captured) + " captured of " + hold_text(after.id) +
               " after " + to_string(before.captured);
    return {};
}

std::string places_where_open(const hold& placed, const hold& before) {
    return "places " + hold_text(placed.id) + " where " + hold_text(before.id) + " of account " +
           std::to_string(before.account) + " is still open";
}

hold_effect effect_of(const record& holding) noexcept {
    const hold& after = holding.hold;
    if (holding.holding == hold_operation::placing)
        return {{}, holding.amount};
    const money before = difference(after.amount, captured_before(holding));
    const bool is_capture = holding.holding == hold_operation::capture;
    return {is_capture ? difference({}, holding.amount) : money{},
            difference(after.remaining, before)};
}

std::string hold_register::apply(const record& holding, std::uint64_t number) {
    const hold& after = holding.hold;
    if (!is_possible_slot(after.id.slot, number))
        return "is of " + hold_text(after.id) + ", whose slot is beyond all that there can be";
    const auto [place, is_new] = slots_.try_emplace(after.id.slot, after);
    hold& before = place->second;
    if (is_new)
        return holding.holding == hold_operation::placing ? std::string{} : not_there(after);
    std::string wrong;
    if (holding.holding != hold_operation::placing)
        wrong = why_not_after(&before, holding);
    else if (before.status == hold_status::held)
        wrong = places_where_open(after, before);
    before = after;
    return wrong;
}

}  // namespace coffer::journal
