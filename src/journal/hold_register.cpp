#include "journal/hold_register.hpp"

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

std::string contradiction(const hold& before, const record& holding) {
    const hold& after = holding.hold;
    if (before.account != after.account || before.id != after.id)
        return "is of " + hold_text(after.id) + ", which is not there";
    if (before.status != hold_status::held)
        return "is of " + hold_text(after.id) + ", which has ended before";
    if (before.amount != after.amount || before.expires_at_ns != after.expires_at_ns)
        return "changes the amount or the end of " + hold_text(after.id);
    if (before.captured != captured_before(holding))
        return "leaves " + to_string(after.captured) + " captured of " + hold_text(after.id) +
               " after " + to_string(before.captured);
    return {};
}

}  // namespace

hold_effect effect_of(const record& holding) noexcept {
    const hold& after = holding.hold;
    if (holding.holding == hold_operation::placing)
        return {{}, holding.amount};
    const money before = difference(after.amount, captured_before(holding));
    const bool is_capture = holding.holding == hold_operation::capture;
    return {is_capture ? difference({}, holding.amount) : money{},
            difference(after.remaining, before)};
}

hold& hold_register::at(std::uint32_t slot) {
    if (slot >= slots_.size())
        slots_.resize(std::size_t{slot} + 1);
    return slots_[slot];
}

bool hold_register::add(const hold& one) {
    hold& place = at(one.id.slot);
    if (place.account != 0)
        return false;
    place = one;
    return true;
}

std::string hold_register::apply(const record& holding) {
    hold& place = at(holding.hold.id.slot);
    std::string wrong;
    if (holding.holding != hold_operation::placing)
        wrong = contradiction(place, holding);
    else if (place.account != 0 && place.status == hold_status::held)
        wrong = "places " + hold_text(holding.hold.id) + " where " + hold_text(place.id) +
                " of account " + std::to_string(place.account) + " is still open";
    place = holding.hold;
    return wrong;
}

std::string hold_text(hold_id id) {
    return "hold " + std::to_string(id.sequence) + '-' + std::to_string(id.slot);
}

}  // namespace coffer::journal
