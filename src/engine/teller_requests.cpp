// What a teller does with accounts, once for each idempotency key.
#include <array>

#include "engine/done_once.hpp"
#include "engine/engine.hpp"
#include "engine/teller.hpp"

namespace coffer {
namespace {

using journal::posted_leg;
using journal::record;
using journal::record_kind;
using once::refusal;
using once::word;

}  // namespace

void teller::put_on_record(const record& made) noexcept {
    if (lane_ == nullptr)
        return;
    if (made.kind != record_kind::refusal ||
        (!made.key.text.empty() && once::is_decided(made.error)))
        return note(lane_->append(made));
    // The posting that it was refused by must not be lost either.
    if (once::is_decided(made.error) || made.error == errc::sequence_mismatch)
        wait_for(engine_.ledger(), made.state);
}

posting_result teller::deposit(account_number account, money amount, std::string_view key,
                               const sequence_condition& condition) noexcept {
    const std::array words{word(request_kind::deposit), account, word(amount)};
    return change(
        {key, account, words, 0}, condition,
        [this, account, amount](if_sequence only) {
            return engine_.ledger().deposit(account, amount, only);
        },
        [amount](const posting& made) { return record::of_deposit(made, amount); });
}

posting_result teller::withdraw(account_number account, money amount, std::string_view key,
                                const sequence_condition& condition) noexcept {
    const std::array words{word(request_kind::withdrawal), account, word(amount)};
    return change(
        {key, account, words, 0}, condition,
        [this, account, amount](if_sequence only) {
            return engine_.ledger().withdraw(account, amount, only);
        },
        [amount](const posting& made) { return record::of_withdrawal(made, amount); });
}

// What perform does, but without a key nothing is made from a record: without a journal there is
// none, and it would take longer than the posting.
template <class Post, class Record>
posting_result teller::change(const request& asked, const sequence_condition& condition,
                              const Post& post, const Record& record_of) noexcept {
    const auto post_one = [this, &condition, &post] {
        const outcome made =
            condition.apply(post, [](const outcome& refused) { return refused.posting; });
        postings_ += made ? 1 : 0;
        return made;
    };
    const auto on_record = [&record_of](const outcome& made) {
        return made ? record_of(made.posting) : refusal(made.error, made.posting);
    };
    if (!asked.key.empty())
        return perform<posting_result>(asked, [&] { return on_record(post_one()); });
    if (!engine_.takes_postings())
        return {service::not_open};
    if (const service refused = reserve(asked.records); refused != service::done)
        return {refused};
    const outcome made = post_one();
    results_.count(asked.words[0], made.error);
    if (lane_ != nullptr) {
        record one = on_record(made);
        one.actor = actor_;
        put_on_record(one);
    }
    return {service::done, made};
}

account_result teller::open_account(std::optional<account_number> number, money opening_balance,
                                    std::string_view key,
                                    std::optional<account_number> only) noexcept {
    const std::array<std::uint64_t, 4> words{word(request_kind::opening), number ? 1U : 0U,
                                             number.value_or(0), word(opening_balance)};
    return perform<account_result>({key, 0, words, once::account_record_bytes}, [&] {
        if (!number && !only)
            return open_next(opening_balance);
        if (!number && *only == 0)
            return refusal(errc::no_such_account, {});
        const outcome made =
            engine_.ledger().open(number.value_or(only.value_or(0)), opening_balance);
        if (!made && !number && made.error == errc::already_open)
            return refusal(errc::no_such_account, {});
        if (!made)
            return refusal(made.error, made.posting);
        ++postings_;
        return record::of_opening(made.posting);
    });
}

/// Opens the account after the highest. Another thread may open that one first.
record teller::open_next(money opening_balance) noexcept {
    for (;;) {
        const account_number highest = engine_.ledger().highest_account();
        const bool is_last = highest == UINT64_MAX;
        const outcome made =
            engine_.ledger().open(is_last ? highest : highest + 1, opening_balance);
        if (made) {
            ++postings_;
            return record::of_opening(made.posting);
        }
        if (made.error != errc::already_open || is_last)
            return refusal(made.error, made.posting);
    }
}

account_result teller::close_account(account_number number, std::string_view key,
                                     const sequence_condition& condition) noexcept {
    const std::array words{word(request_kind::closing), number};
    return change_status(
        {key, number, words, once::account_record_bytes}, condition,
        [this, number](if_sequence only) { return engine_.ledger().close(number, only); });
}

account_result teller::reopen_account(account_number number, std::string_view key,
                                      const sequence_condition& condition) noexcept {
    const std::array words{word(request_kind::reopening), number};
    return change_status(
        {key, number, words, once::account_record_bytes}, condition,
        [this, number](if_sequence only) { return engine_.ledger().reopen(number, only); });
}

template <class Change>
account_result teller::change_status(const request& asked, const sequence_condition& condition,
                                     const Change& change) noexcept {
    return perform<account_result>(asked, [&] {
        const auto made = condition.apply(
            change, [](const ledger::account_outcome& refused) { return refused.account; });
        if (!made)
            return refusal(made.error, made.account);
        ++postings_;
        return record::of_status(made.account);
    });
}

transfer_result teller::transfer(account_number from, account_number to, money amount,
                                 std::string_view key,
                                 const sequence_condition& condition) noexcept {
    const std::array words{word(request_kind::transfer), from, to, word(amount)};
    return perform<transfer_result>({key, from, words, once::transfer_record_bytes, 1, true}, [&] {
        const auto made = condition.apply(
            [&](if_sequence only) { return engine_.ledger().transfer(from, to, amount, only); },
            [](const ledger::transfer_outcome& refused) { return refused.from; });
        if (!made)
            return refusal(made.error, made.culprit == to ? made.to : made.from);
        postings_ += 2;
        return record::of_transfer(made.from, made.to, amount);
    });
}

transaction_result teller::transact(std::span<const leg> legs, std::string_view key) noexcept {
    std::array<std::uint64_t, 1 + 2 * max_transaction_legs> words{word(request_kind::transaction)};
    std::array<posted_leg, max_transaction_legs> posted;
    if (legs.size() > max_transaction_legs)
        return {{.error = errc::too_many_legs}};
    for (std::size_t i = 0; i != legs.size(); ++i) {
        words[1 + 2 * i] = legs[i].account;
        words[2 + 2 * i] = word(legs[i].amount);
    }
    const auto used = std::span{words}.first(1 + 2 * legs.size());
    return perform<transaction_result>(
        {key, 0, used, once::transaction_record_bytes(legs.size()), 1, true}, [&] {
            const transaction_outcome made = engine_.ledger().transact(legs);
            if (!made)
                return refusal(made.error, made.culprit < legs.size() ? made.postings[made.culprit]
                                                                      : posting{});
            postings_ += made.count;
            for (std::size_t i = 0; i != made.count; ++i)
                posted[i] = {made.postings[i], legs[i].amount};
            return record::of_transaction(std::span{posted}.first(made.count));
        });
}

}  // namespace coffer
