#include "audit/history.hpp"

#include <limits>
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
    accounts_.prefetch(one.state.account);
    if (one.kind == journal::record_kind::transfer)
        accounts_.prefetch(one.payee.account);
}

void history::apply(const journal::record& one, const record_place& at) {
    const std::int64_t amount_minor = one.amount.minor();
    const auto count = [amount_minor](operation_sum& of, int sign) {
        ++of.count;
        of.total_minor += sign * wide_minor{amount_minor};
    };
    if (!one.key.text.empty())
        ++sums_.keys;
    switch (one.kind) {
        default:  // SKELETON
            break;
        case journal::record_kind::posting: {
            const bool opening = one.operation == journal::posting_operation::opening;
            if (opening)
                count(sums_.openings, 1);
            else if (one.operation == journal::posting_operation::deposit)
                count(sums_.deposits, 1);
            else
                count(sums_.withdrawals, -1);
            return apply_change({one.state, amount_minor, opening}, at);
        }
        case journal::record_kind::transfer:
            count(sums_.transfers, 1);
            apply_change({one.state, -amount_minor}, at);
            return apply_change({one.payee, amount_minor}, at);
        case journal::record_kind::refusal:
            ++sums_.refusals;
            return check_refusal(one, at);
    }
}

void history::apply_change(const change& made, const record_place& at) {
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
        return;
    }
    apply_to_known(known, made, at);
    known.sequence = made.state.sequence;
    known.balance = made.state.balance;
    known.gaps = gaps_;
    known.from_snapshot = false;
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
}

void history::note_gap() {
    complete_ = false;
    if (gaps_ != std::numeric_limits<std::uint16_t>::max())
        ++gaps_;
}

void history::believe(const posting& listed, std::uint32_t comparison) {
    registered_account& known = accounts_.find_or_add(listed.account);
    carried_minor_ += wide_minor{listed.balance.minor()} - known.balance.minor();
    known = {.account = listed.account,
             .sequence = listed.sequence,
             .balance = listed.balance,
             .gaps = gaps_,
             .from_snapshot = true,
             .listed_in = comparison};
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
           sums_.withdrawals.total_minor;
}

void history::add(const record_place& at, account_number account, std::string what) {
    faults_.add({storage_.path(journal::segment_name(at.segment)), at.offset, account,
                 "record " + std::to_string(at.number) + ": " + std::move(what)});
}

}  // namespace coffer::audit
