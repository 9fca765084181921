#include "journal/random_records.hpp"

#include <algorithm>

#include <coffer/transaction.hpp>

using coffer::errc;
using coffer::hold_status;
using coffer::money;
using coffer::posting;
using coffer::journal::hold_operation;
using coffer::journal::record;

std::uint64_t random_records::below(std::uint64_t end) {
    return random_() % end;
}

/// Above zero; often of few bytes, since the zeros are what is interesting.
money random_records::amount() {
    return money::from_minor(
        static_cast<std::int64_t>(1 + below(std::uint64_t{1} << (8 * (1 + below(7))))));
}

posting random_records::state(coffer::account_number account, std::uint64_t least) {
    const money held = below(2) == 0 ? money{} : amount();
    const money balance = money::from_minor(held.minor() + (below(2) == 0 ? 0 : amount().minor()));
    return {account, least + below(std::uint64_t{1} << (1 + below(30))), balance, held};
}

coffer::journal::request_key random_records::key() {
    text_.assign(below(3) == 0 ? 0 : 1 + below(255), 'k');
    if (!text_.empty() && below(2) == 0)
        text_[below(text_.size())] = ' ';
    if (text_.empty())
        return {};
    return {text_, {below(2), below(2)}};
}

std::string_view random_records::actor() {
    constexpr std::string_view characters{"a0Z9._-@"};
    actor_.assign(below(3) == 0 ? 0 : 1 + below(64), 'n');
    if (actor_.size() > 1)
        actor_[1 + below(actor_.size() - 1)] = characters[below(characters.size())];
    return actor_;
}

record random_records::transaction() {
    legs_.clear();
    money sum{};
    for (std::uint64_t left = 1 + below(coffer::max_transaction_legs - 1); left != 0; --left) {
        const money part = money::from_minor(static_cast<std::int64_t>(1 + below(1'000'000)));
        legs_.push_back({state(1 + legs_.size()), money::from_minor(-part.minor())});
        sum = money::from_minor(sum.minor() + part.minor());
    }
    posting last = state(1 + legs_.size());
    last.balance = money::from_minor(last.balance.minor() + sum.minor());
    legs_.push_back({last, sum});
    std::ranges::shuffle(legs_, random_);
    return record::of_transaction(legs_, key());
}

record random_records::hold() {
    posting after = state(7);
    coffer::hold one{.account = 7,
                     .id = {after.sequence, static_cast<std::uint32_t>(below(1'000'000))},
                     .amount = amount(),
                     .expires_at_ns = below(2) == 0 ? 0 : static_cast<std::int64_t>(1 + below(99))};
    const auto what = static_cast<hold_operation>(1 + below(4));
    money moved = one.amount;
    posting payee{};
    if (what != hold_operation::placing)
        after.sequence += 1 + below(9);
    if (what == hold_operation::capture) {
        moved = one.captured = money::from_minor(
            1 + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(one.amount.minor()))));
        if (one.captured == one.amount || below(2) == 0)
            one.status = hold_status::captured;
        if (below(2) == 0) {
            payee = state(8);
            payee.balance = money::from_minor(payee.balance.minor() + moved.minor());
        }
    } else if (what == hold_operation::release) {
        one.status = hold_status::released;
    } else if (what == hold_operation::expiry) {
        one.status = hold_status::expired;
        one.expires_at_ns = 5;
    }
    if (one.status == hold_status::held) {
        one.remaining = money::from_minor(one.amount.minor() - one.captured.minor());
        after.held = money::from_minor(after.held.minor() + one.remaining.minor());
        after.balance = money::from_minor(after.balance.minor() + one.remaining.minor());
    }
    return record::of_hold(what, {errc::ok, after, one, payee}, moved, key());
}

record random_records::refusal() {
    const posting decided_by = below(3) == 0 ? posting{7, 0, {}} : state(7, 1);
    const auto why = static_cast<errc>(1 + below(static_cast<std::uint64_t>(errc::too_many_legs)));
    record made =
        why == errc::hold_ended
            ? record::of_hold_ended(static_cast<hold_status>(1 + below(3)), decided_by, key())
            : record::of_refusal(why, decided_by, key());
    made.names_account = below(2) == 0;
    return made;
}

record random_records::next() {
    record made = without_actor();
    made.actor = actor();
    return made;
}

record random_records::without_actor() {
    const money moved = amount();
    posting gained = state(8);
    gained.balance = money::from_minor(gained.balance.minor() + moved.minor());
    switch (below(8)) {
        case 0:
            return record::of_opening({7, 1, moved}, key());
        case 1:
            return record::of_deposit(gained, moved, key());
        case 2:
            return record::of_withdrawal(state(7), moved, key());
        case 3:
            return record::of_transfer(state(7), gained, moved, key());
        case 4:
            return refusal();
        case 5:
            return transaction();
        case 6:
            return hold();
        default: {
            const bool closed = below(2) == 0;
            return record::of_status(
                {{7, 3 + below(99), {}},
                 closed ? coffer::account_status::closed : coffer::account_status::open},
                key());
        }
    }
}
