#include "load/answer_reader.hpp"

namespace coffer::load {

answer read_answer(operation asked, const reply& received, bool checked) {
    answer given;
    if (received.status == 400 && error_type(received.body) == "insufficient_funds")
        given.verdict = verdict::insufficient_funds;
    if (received.status != 200 && received.status != 201)
        return given;
    given.verdict = verdict::done;
    if (!checked)
        return given;
    std::string_view rest = received.body;
    auto balance = next_balance_minor(rest);
    while (balance && given.balances_minor.size() != given.balances_minor.capacity()) {
        given.balances_minor.push_back(*balance);
        balance = next_balance_minor(rest);
    }
    given.held_minor = held_minor(received.body);
    if (asked == operation::balance && !given.held_minor)
        given.held_minor = 0;  // it is left out where nothing is held
    return given;
}

std::optional<funds> read_funds(std::string_view body) {
    const auto held = held_minor(body);
    const auto booked = next_balance_minor(body);
    if (!booked)
        return std::nullopt;
    return funds{*booked, held.value_or(0)};
}

}  // namespace coffer::load
