#include "audit/history.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "journal/segment.hpp"

namespace coffer::audit {
namespace {

std::string posting_text(std::uint64_t sequence) {
    return "posting " + std::to_string(sequence);
}

wide_minor before(const posting& state, std::int64_t amount_minor) noexcept {
    return wide_minor{state.balance.minor()} - amount_minor;
}

}  // namespace

void history::prefetch(const journal::record& one) const noexcept {
    if (one.kind == journal::record_kind::refusal)
        return accounts_.prefetch(one.state.account);
    journal::visit_postings(one, [this](const posting& made) { accounts_.prefetch(made.account); });
}

void history::count(const journal::record& one) {
    const auto add = [](operation_sum& of, wide_minor amount_minor) {
        ++of.count;
        of.total_minor += amount_minor;
    };
    if (!one.key.text.empty())
        ++sums_.keys;
    switch (one.kind) {
        case journal::record_kind::posting:
            if (one.operation == journal::posting_operation::opening)
                return add(sums_.openings, one.amount.minor());
            if (one.operation == journal::posting_operation::deposit)
                return add(sums_.deposits, one.amount.minor());
            return add(sums_.withdrawals, -wide_minor{one.amount.minor()});
        case journal::record_kind::transfer:
            return add(sums_.transfers, one.amount.minor());
        case journal::record_kind::refusal:
            ++sums_.refusals;
            return;
        case journal::record_kind::transaction: {
            wide_minor moved_minor = 0;
            for (std::size_t i = 0; i != one.legs.size(); ++i)
                moved_minor += std::max<std::int64_t>(one.legs[i].amount.minor(), 0);
            return add(sums_.transactions, moved_minor);
        }
        case journal::record_kind::hold:
            return count_hold(one);
        case journal::record_kind::status:
            ++(one.status == account_status::closed ? sums_.closings : sums_.reopenings);
            return;
    }
}

void history::count_hold(const journal::record& one) {
    const auto add = [&one](operation_sum& of) {
        ++of.count;
        of.total_minor += one.amount.minor();
    };
    switch (one.holding) {
        case journal::hold_operation::placing:
            return add(sums_.holds);
        case journal::hold_operation::capture:
            if (one.payee.account == 0)
                captured_out_minor_ += one.amount.minor();
            return add(sums_.captures);
        case journal::hold_operation::release:
            return add(sums_.releases);
        case journal::hold_operation::expiry:
            return add(sums_.expiries);
    }
}

void history::apply(const journal::record& one, const record_place& at) {
    count(one);
    const std::int64_t amount_minor = one.amount.minor();
    switch (one.kind) {
        case journal::record_kind::posting:
            apply_change({.state = one.state,
                          .amount_minor = amount_minor,
                          .is_opening = one.operation == journal::posting_operation::opening},
                         at);
            return;
        case journal::record_kind::transfer:
            apply_change({one.state, -amount_minor}, at);
            apply_change({one.payee, amount_minor}, at);
            return;
        case journal::record_kind::refusal:
            return check_refusal(one, at);
        case journal::record_kind::transaction:
            for (std::size_t i = 0; i != one.legs.size(); ++i) {
                const journal::posted_leg leg = one.legs[i];
                apply_change({leg.state, leg.amount.minor()}, at);
            }
            return;
        case journal::record_kind::hold:
            return apply_hold(one, at);
        case journal::record_kind::status:
            return apply_status(one, at);
    }
}

void history::apply_hold(const journal::record& one, const record_place& at) {
    const registered_account* const known = accounts_.find(one.state.account);
    // Until a snapshot that the history was completed from is passed, holds may be missing.
    const bool is_known =
        complete_ && at.number > known_until_record_ && (known == nullptr || is_certain(*known));
    const journal::hold_effect effect = journal::effect_of(one);
    if (apply_change({one.state, effect.balance.minor(), effect.held.minor()}, at)) {
        const std::string wrong = holds_.apply(one, at.number);
        if (is_known && !wrong.empty())
            add(at, one.state.account, posting_text(one.state.sequence) + ' ' + wrong);
    }
    if (one.payee.account != 0)
        apply_change({one.payee, one.amount.minor()}, at);
}

void history::apply_status(const journal::record& one, const record_place& at) {
    const bool is_closing = one.status == account_status::closed;
    if (apply_change({.state = one.state, .amount_minor = 0, .is_reopening = !is_closing}, at))
        accounts_.find_or_add(one.state.account).is_closed = is_closing;
}

bool history::apply_change(const change& made, const record_place& at) {
    registered_account& known = accounts_.find_or_add(made.state.account);
    if (known.sequence != 0 && known.from_snapshot && at.number <= known_until_record_ &&
        made.state.sequence <= known.sequence) {
        if (made.state.sequence == known.sequence && made.state.balance != known.balance)
            add(at, known.account,
                posting_text(known.sequence) + " leaves a balance of " +
                    to_string(made.state.balance) +
                    ", but the snapshot that the audit begins with has " +
                    to_string(known.balance));
        carried_minor_ -= made.amount_minor;  // the balance includes it already
        return false;
    }
    apply_to_known(known, made, at);
    known.sequence = made.state.sequence;
    known.balance = made.state.balance;
    known.gaps = gaps_;
    known.from_snapshot = false;
    set_held(known.account, made.state.held);
    return true;
}

void history::apply_to_known(registered_account& known, const change& made,
                             const record_place& at) {
    const posting& state = made.state;
    if (known.sequence == 0) {
        if (made.is_opening)
            return;
        carried_minor_ += before(state, made.amount_minor);
        if (complete_)
            add(at, state.account, posting_text(state.sequence) + " comes before it is opened");
        return;
    }
    const bool in_order =
        is_certain(known) ? state.sequence == known.sequence + 1 : state.sequence > known.sequence;
    if (!in_order)
        return add(at, state.account,
                   posting_text(state.sequence) + " comes after " + posting_text(known.sequence));
    const wide_minor had = before(state, made.amount_minor);
    if (state.sequence == known.sequence + 1 && had != known.balance.minor())
        return add(at, state.account,
                   posting_text(state.sequence) + " leaves a balance of " +
                       to_string(state.balance) + " after one of " + to_string(known.balance) +
                       ", which its amount of " + to_money_text(made.amount_minor) +
                       " does not account for");
    carried_minor_ += had - known.balance.minor();
    if (state.sequence == known.sequence + 1)
        apply_next(known, made, at);
}

/// Checks what is held and the account's status.
void history::apply_next(const registered_account& known, const change& made,
                         const record_place& at) {
    const money held = held_of(known.account);
    if (made.state.held.minor() != wide_minor{held.minor()} + made.held_minor)
        add(at, known.account,
            posting_text(made.state.sequence) + " leaves " + to_string(made.state.held) +
                " held after " + to_string(held) + ", which its operation does not account for");
    if (known.is_closed != made.is_reopening)
        add(at, known.account,
            posting_text(made.state.sequence) +
                (known.is_closed ? " comes while it is closed" : " reopens it while it is open"));
}

money history::held_of(account_number account) const noexcept {
    const auto found = held_.find(account);
    return found == held_.end() ? money{} : found->second;
}

void history::set_held(account_number account, money held) {
    if (held != money{})
        held_[account] = held;
    else if (!held_.empty())
        held_.erase(account);
}

account_view history::view_of(const registered_account& one) const noexcept {
    return {{one.account, one.sequence, one.balance, held_of(one.account)},
            one.is_closed ? account_status::closed : account_status::open};
}

wide_minor history::held_minor() const noexcept {
    wide_minor total = 0;
    for (const auto& [account, held] : held_)
        total += held.minor();
    return total;
}

void history::check_held(const std::string& where) {
    std::unordered_map<account_number, wide_minor> sums;
    holds_.visit([&sums](const hold& one) { sums[one.account] += one.remaining.minor(); });
    for (const auto& [account, held] : held_)
        sums.try_emplace(account, 0);
    for (const auto& [account, sum] : sums)
        if (const money held = held_of(account); sum != held.minor())
            faults_.add(
                {where, std::nullopt, account,
                 "it holds " + to_string(held) + ", but its holds hold " + to_money_text(sum)});
}

void history::check_refusal(const journal::record& one, const record_place& at) {
    const posting& decided_by = one.state;
    const registered_account* const known = accounts_.find(decided_by.account);
    if (decided_by.sequence == 0 || (known != nullptr && known->sequence > decided_by.sequence))
        return;
    if (known == nullptr || !is_certain(*known)) {
        if (complete_ && known == nullptr)
            add(at, decided_by.account,
                posting_text(decided_by.sequence) + " refuses a request before it is opened");
        return;
    }
    if (known->sequence < decided_by.sequence)
        add(at, decided_by.account,
            posting_text(decided_by.sequence) + " refuses a request after " +
                posting_text(known->sequence));
    else if (known->balance != decided_by.balance)
        add(at, decided_by.account,
            posting_text(decided_by.sequence) + " refuses a request by a balance of " +
                to_string(decided_by.balance) + ", but it is " + to_string(known->balance));
    else if (const money held = held_of(known->account); held != decided_by.held)
        add(at, decided_by.account,
            posting_text(decided_by.sequence) + " refuses a request with " +
                to_string(decided_by.held) + " held, but it is " + to_string(held));
}

void history::note_gap() {
    complete_ = false;
    if (gaps_ != std::numeric_limits<std::uint16_t>::max())
        ++gaps_;
}

void history::believe(const account_view& listed, std::uint32_t comparison) {
    registered_account& known = accounts_.find_or_add(listed.account);
    carried_minor_ += wide_minor{listed.balance.minor()} - known.balance.minor();
    known = {.account = listed.account,
             .sequence = listed.sequence,
             .balance = listed.balance,
             .gaps = gaps_,
             .from_snapshot = true,
             .is_closed = listed.status == account_status::closed,
             .listed_in = comparison};
    set_held(listed.account, listed.held);
}

void history::note_complete(std::uint64_t until_record) {
    complete_ = true;
    known_until_record_ = until_record;
}

wide_minor history::total_minor() const {
    wide_minor total = 0;
    accounts_.visit([&total](const registered_account& one) { total += one.balance.minor(); });
    return total;
}

wide_minor history::expected_total_minor() const noexcept {
    return carried_minor_ + sums_.openings.total_minor + sums_.deposits.total_minor -
           sums_.withdrawals.total_minor - captured_out_minor_;
}

void history::add(const record_place& at, account_number account, std::string what) {
    const bool is_placed = at.segment != 0;
    faults_.add({is_placed ? journal_ + journal::segment_name(at.segment) : journal_,
                 is_placed ? std::optional{at.offset} : std::nullopt, account,
                 "record " + std::to_string(at.number) + ": " + std::move(what)});
}

}  // namespace coffer::audit
