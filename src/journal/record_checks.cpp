#include "journal/record_checks.hpp"

#include <coffer/account.hpp>
#include <coffer/transaction.hpp>

#include "ops/possible_hold.hpp"

namespace coffer::journal {
namespace {

constexpr money least = money::from_minor(INT64_MIN);

bool is_possible_state(const posting& state) noexcept {
    return state.account != 0 && state.sequence != 0 && state.sequence <= account::max_sequence &&
           state.held >= money{} && state.balance >= state.held;
}

/// Of a posting that is not the account's opening.
bool is_later(const posting& state) noexcept {
    return is_possible_state(state) && state.sequence > 1;
}

bool is_possible_posting(const record& one) noexcept {
    switch (one.operation) {
        case posting_operation::opening:
            return is_possible_state(one.state) && one.state.sequence == 1 &&
                   one.state.held == money{} && one.amount == one.state.balance;
        case posting_operation::deposit:
            return is_later(one.state) && one.amount > money{} && one.amount <= one.state.balance;
        case posting_operation::withdrawal:
            return is_later(one.state) && one.amount < money{} && one.amount != least;
    }
    return false;
}

bool is_possible_payee(const record& one) noexcept {
    return is_later(one.payee) && one.payee.account != one.state.account && one.amount > money{} &&
           one.amount <= one.payee.balance;
}

/// The number of the account is what the client wrote, whether there is such an account or not.
bool is_possible_refusal(const record& one) noexcept {
    if ((one.error == errc::hold_ended) != (one.hold.status != hold_status::held))
        return false;
    if (one.state.sequence == 0)
        return one.state.balance == money{} && one.state.held == money{};
    return is_possible_state(one.state);
}

bool is_possible_leg(const posted_leg& leg) noexcept {
    return is_later(leg.state) && leg.amount != money{} && leg.amount != least &&
           leg.amount <= leg.state.balance;
}

bool is_possible_transaction(const leg_list& legs) noexcept {
    if (legs.size() < 2 || legs.size() > max_transaction_legs)
        return false;
    __extension__ __int128 sum_minor = 0;
    for (std::size_t i = 0; i != legs.size(); ++i) {
        const posted_leg one = legs[i];
        if (!is_possible_leg(one))
            return false;
        for (std::size_t before = 0; before != i; ++before)
            if (legs[before].state.account == one.state.account)
                return false;
        sum_minor += one.amount.minor();
    }
    return sum_minor == 0;
}

/// Whether the operation leaves such a hold.
bool is_possible_holding(const record& one) noexcept {
    const coffer::hold& hold = one.hold;
    const money left = money::from_minor(hold.amount.minor() - hold.captured.minor());
    switch (one.holding) {
        case hold_operation::placing:
            return hold.status == hold_status::held && hold.captured == money{} &&
                   one.amount == hold.amount && hold.id.sequence == one.state.sequence;
        case hold_operation::capture:
            return (hold.status == hold_status::held || hold.status == hold_status::captured) &&
                   one.amount > money{} && one.amount <= hold.captured;
        case hold_operation::release:
            return hold.status == hold_status::released && one.amount == left;
        case hold_operation::expiry:
            return hold.status == hold_status::expired && one.amount == left &&
                   hold.expires_at_ns != 0;
    }
    return false;
}

bool is_possible_hold_record(const record& one) noexcept {
    if (!is_later(one.state) || !is_possible_hold(one.hold) || !is_possible_holding(one))
        return false;
    if (one.state.held < one.hold.remaining)
        return false;
    if (one.holding != hold_operation::placing && one.hold.id.sequence >= one.state.sequence)
        return false;
    if (one.payee.account == 0)
        return true;
    return one.holding == hold_operation::capture && is_possible_payee(one);
}

/// Closed or reopened: without a balance, either way.
bool is_possible_status(const record& one) noexcept {
    const std::uint64_t first = one.status == account_status::closed ? 2 : 3;
    return is_possible_state(one.state) && one.state.sequence >= first &&
           one.state.balance == money{};
}

}  // namespace

bool is_possible(const record& one) noexcept {
    switch (one.kind) {
        case record_kind::posting:
            return is_possible_posting(one);
        case record_kind::transfer:
            return is_later(one.state) && is_possible_payee(one);
        case record_kind::refusal:
            return is_possible_refusal(one);
        case record_kind::transaction:
            return is_possible_transaction(one.legs);
        case record_kind::hold:
            return is_possible_hold_record(one);
        case record_kind::status:
            return is_possible_status(one);
    }
    return false;
}

}  // namespace coffer::journal
