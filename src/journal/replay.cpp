#include "journal/replay.hpp"

#include <array>
#include <chrono>
#include <new>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>

#include "journal/journal_error.hpp"
#include "ops/hold_id_text.hpp"
#include "ops/text.hpp"

namespace coffer::journal {
namespace {

// Enough to hide cache misses, few enough to stay in the cache.
constexpr std::size_t ahead = 16;

/// What is wrong with a record. The caller adds the place of the batch.
struct contradiction : std::runtime_error {
    contradiction(const posting& state, const std::string& what)
        : std::runtime_error{"posting " + std::to_string(state.sequence) + " of account " +
                             std::to_string(state.account) + ' ' + what} {}
};

void require_made(const posting& said, errc error) {
    if (error == errc::ledger_full)
        throw contradiction{said, "finds no room in memory"};
    if (error != errc::ok)
        throw contradiction{said, "cannot be made after the one before it"};
}

void require_same(const posting& made, const posting& said, errc error) {
    require_made(said, error);
    if (made.sequence != said.sequence)
        throw contradiction{said, "comes out as posting " + std::to_string(made.sequence)};
    if (made.balance != said.balance)
        throw contradiction{said, "leaves a balance of " + to_string(made.balance) +
                                      ", but the journal says " + to_string(said.balance)};
    if (made.held != said.held)
        throw contradiction{said, "leaves " + to_string(made.held) +
                                      " held, but the journal says " + to_string(said.held)};
}

}  // namespace

replayer::replayer(coffer::ledger& ledger, visitor visit)
    : ledger_{ledger}, visit_{std::move(visit)} {}

void replayer::apply_all(batch_cursor& from) {
    while (const auto one = from.next())
        apply(*one, from.where());
}

void replayer::apply(const batch_view& one, const std::string& where) {
    records_.clear();
    visit_records(one, [this](const record& each) { records_.push_back(each); });
    const auto prefetch = [this](std::size_t index) {
        if (index >= records_.size())
            return;
        visit_postings(records_[index],
                       [this](const posting& made) { ledger_.prefetch(made.account); });
    };
    for (std::size_t i = 0; i != ahead; ++i)
        prefetch(i);
    for (std::size_t i = 0; i != records_.size(); ++i) {
        prefetch(i + ahead);
        try {
            apply(records_[i], one.header.first_record + i);
        } catch (const contradiction& found) {
            throw journal_error{where, "record " + std::to_string(one.header.first_record + i) +
                                           ": " + found.what()};
        }
        if (visit_)
            visit_(records_[i], one.header.stamp, one.header.first_record + i);
    }
    ++counts_.batches;
    counts_.records += records_.size();
}

void replayer::apply(const record& one, std::uint64_t number) {
    switch (one.kind) {
        case record_kind::posting:
            return apply_posting(one);
        case record_kind::transfer:
            return apply_transfer(one);
        case record_kind::refusal:
            if (ledger_.balance(one.state.account).posting.sequence < one.state.sequence)
                throw contradiction{one.state, "has not been, but refuses a request"};
            return;
        case record_kind::transaction:
            return apply_transaction(one);
        case record_kind::hold:
            return apply_hold(one, number);
        case record_kind::status:
            return apply_status(one);
    }
}

/// Whether the ledger has this posting already. Throws if it is not the next one either.
bool replayer::is_known(const posting& state) const {
    const posting last = ledger_.balance(state.account).posting;
    if (state.sequence > last.sequence + 1)
        throw contradiction{state, "comes after posting " + std::to_string(last.sequence)};
    if (state.sequence == last.sequence && state.balance != last.balance)
        throw contradiction{state, "has another balance than the snapshot says"};
    if (state.sequence == last.sequence && state.held != last.held)
        throw contradiction{state, "has something else held than the snapshot says"};
    return state.sequence <= last.sequence;
}

void replayer::apply_posting(const record& one) {
    if (is_known(one.state)) {
        ++counts_.skipped;
        return;
    }
    const account_number account = one.state.account;
    outcome made{};
    switch (one.operation) {
        case posting_operation::opening:
            made = ledger_.open(account, one.amount);
            break;
        case posting_operation::deposit:
            made = ledger_.deposit(account, one.amount);
            break;
        case posting_operation::withdrawal:
            made = ledger_.withdraw(account, money::from_minor(-one.amount.minor()));
            break;
    }
    require_same(made.posting, one.state, made.error);
    ledger_.note_durable(account, one.state.sequence);
}

/// Whether the ledger has the postings of this record already. Throws if it has only some.
bool replayer::are_known(const record& one) const {
    const bool first_known = is_known(one.state);
    visit_postings(one, [&](const posting& other) {
        if (is_known(other) == first_known)
            return;
        // A snapshot is a consistent cut: it has all postings of a record, or none.
        throw contradiction{first_known ? other : one.state,
                            one.legs.size() > 2
                                ? "is part of a transaction of which the snapshot has another part"
                                : "is half of a transfer whose other half is in the snapshot"};
    });
    return first_known;
}

void replayer::note_durable(const record& one) {
    visit_postings(
        one, [this](const posting& made) { ledger_.note_durable(made.account, made.sequence); });
}

void replayer::apply_transfer(const record& one) {
    if (are_known(one)) {
        ++counts_.skipped;
        return;
    }
    const auto made = ledger_.transfer(one.state.account, one.payee.account, one.amount);
    require_same(made.from, one.state, made.error);
    require_same(made.to, one.payee, made.error);
    note_durable(one);
}

void replayer::apply_transaction(const record& one) {
    if (are_known(one)) {
        ++counts_.skipped;
        return;
    }
    std::array<leg, max_transaction_legs> legs{};
    for (std::size_t i = 0; i != one.legs.size(); ++i)
        legs[i] = {one.legs[i].state.account, one.legs[i].amount};
    const auto made = ledger_.transact(std::span{legs}.first(one.legs.size()));
    for (std::size_t i = 0; i != one.legs.size(); ++i)
        require_same(made.postings[i], one.legs[i].state, made.error);
    note_durable(one);
}

// The ledger would choose the hold's slot itself, so it is not asked to do the operation: that is
// checked here, and the ledger takes over its result.
void replayer::apply_hold(const record& one, std::uint64_t number) {
    if (are_known(one)) {
        ++counts_.skipped;
        return;
    }
    if (follower_)
        return apply_hold_to_ledger(one, number);
    const auto before = ledger_.look(one.state.account);
    if (before.account.status == account_status::closed)
        throw contradiction{one.state, "is of a hold, but the account is closed"};
    if (const std::string wrong = holds_.apply(one, number); !wrong.empty())
        throw contradiction{one.state, wrong};
    const hold_effect effect = effect_of(one);
    posting after = before.account;
    ++after.sequence;
    after.balance = money::from_minor(after.balance.minor() + effect.balance.minor());
    after.held = money::from_minor(after.held.minor() + effect.held.minor());
    require_same(after, one.state, before.error);
    require_made(one.state, ledger_.advance(one.state));
    if (one.payee.account != 0) {
        const outcome paid = ledger_.deposit(one.payee.account, one.amount);
        require_same(paid.posting, one.payee, paid.error);
    }
    note_durable(one);
}

void replayer::apply_hold_to_ledger(const record& one, std::uint64_t number) {
    if (!is_possible_slot(one.hold.id.slot, number))
        throw contradiction{one.state, "is of " + hold_text(one.hold.id) +
                                           ", whose slot is beyond all that there can be"};
    const hold_outcome made =
        one.holding == hold_operation::placing ? place_hold(one) : change_hold(one);
    require_same(made.posting, one.state, made.error);
    if (one.payee.account != 0)
        require_same(made.payee, one.payee, made.error);
    if (made.hold.status != one.hold.status || made.hold.remaining != one.hold.remaining ||
        made.hold.captured != one.hold.captured)
        throw contradiction{one.state,
                            "leaves " + hold_text(one.hold.id) + " other than the journal says"};
    note_durable(one);
}

void replayer::follow(std::function<void()> wait) {
    follower_.emplace(ledger_);
    wait_ =
        wait ? std::move(wait) : [] { std::this_thread::sleep_for(std::chrono::milliseconds{1}); };
}

/// A cut that goes on may need the hold that was in this slot before.
void replayer::vacate(std::uint32_t slot) {
    constexpr std::size_t at_once = 8192;
    const auto skip = [](const auto&) noexcept {};
    while (!follower_->vacate(slot)) {
        // Whose user may never go on. This finishes it, and leaves before its own cut begins.
        auto rest = ledger_.begin_cut(std::chrono::milliseconds{0});
        if (!rest) {
            wait_();
            continue;
        }
        while (!follower_->vacate(slot) &&
               rest->next(at_once, skip, skip) == resumable_cut::state::more) {
        }
    }
}

hold_outcome replayer::place_hold(const record& one) {
    vacate(one.hold.id.slot);
    hold_outcome made = follower_->place(one.hold);
    ledger::hold_place there{one.hold.id.slot};
    if (made.error == errc::already_open)
        ledger_.scan_holds(there, 1, [&one](const hold& before) {
            throw contradiction{one.state, places_where_open(one.hold, before)};
        });
    return made;
}

hold_outcome replayer::change_hold(const record& one) {
    const account_number account = one.state.account;
    const hold_outcome before = ledger_.find_hold(account, one.hold.id);
    if (const std::string wrong = why_not_after(before ? &before.hold : nullptr, one);
        !wrong.empty())
        throw contradiction{one.state, wrong};
    if (one.holding != hold_operation::capture)
        return ledger_.release(account, one.hold.id, one.hold.status);
    return ledger_.capture(account, one.hold.id,
                           {.amount = one.amount,
                            .is_final = one.hold.status != hold_status::held,
                            .payee = one.payee.account});
}

void replayer::apply_status(const record& one) {
    if (is_known(one.state)) {
        ++counts_.skipped;
        return;
    }
    const auto made = one.status == account_status::closed ? ledger_.close(one.state.account)
                                                           : ledger_.reopen(one.state.account);
    require_same(made.account, one.state, made.error);
    note_durable(one);
}

void replayer::finish(const std::string& where) {
    std::unordered_map<account_number, wide_minor> held_minor;
    holds_.visit([&](const hold& one) {
        if (const errc error = ledger_.restore_hold(one); error == errc::ledger_full)
            throw std::bad_alloc{};
        else if (error != errc::ok)
            throw journal_error{where, hold_text(one.id) + " of account " +
                                           std::to_string(one.account) + " cannot be restored"};
        held_minor[one.account] += one.remaining.minor();
    });
    // Of all accounts: one may have money held that is no hold's.
    ledger::scan_place from;
    ledger_.scan(from, SIZE_MAX, [&](account_number account) {
        const posting last = ledger_.balance(account).posting;
        const auto found = held_minor.find(account);
        const wide_minor sum = found == held_minor.end() ? 0 : found->second;
        if (last.held.minor() != sum)
            throw journal_error{where, "account " + std::to_string(account) + " holds " +
                                           to_string(last.held) + ", but its holds " +
                                           to_money_text(sum)};
    });
}

}  // namespace coffer::journal
