#include "journal/replay.hpp"

#include <stdexcept>
#include <utility>

#include "journal/journal_error.hpp"

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

void require_same(const posting& made, const posting& said, errc error) {
    if (error == errc::ledger_full)
        throw contradiction{said, "finds no room in memory"};
    if (error != errc::ok)
        throw contradiction{said, "cannot be made after the one before it"};
    if (made.sequence != said.sequence)
        throw contradiction{said, "comes out as posting " + std::to_string(made.sequence)};
    if (made.balance != said.balance)
        throw contradiction{said, "leaves a balance of " + to_string(made.balance) +
                                      ", but the journal says " + to_string(said.balance)};
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
        ledger_.prefetch(records_[index].state.account);
        if (records_[index].kind == record_kind::transfer)
            ledger_.prefetch(records_[index].payee.account);
    };
    for (std::size_t i = 0; i != ahead; ++i)
        prefetch(i);
    for (std::size_t i = 0; i != records_.size(); ++i) {
        prefetch(i + ahead);
        try {
            apply(records_[i]);
        } catch (const contradiction& found) {
            throw journal_error{where, "record " + std::to_string(one.header.first_record + i) +
                                           ": " + found.what()};
        }
        if (visit_)
            visit_(records_[i], one.header.stamp);
    }
    ++counts_.batches;
    counts_.records += records_.size();
}

void replayer::apply(const record& one) {
    switch (one.kind) {
        default:  // SKELETON
            break;
        case record_kind::posting:
            return apply_posting(one);
        case record_kind::transfer:
            return apply_transfer(one);
        case record_kind::refusal:
            if (ledger_.balance(one.state.account).posting.sequence < one.state.sequence)
                throw contradiction{one.state, "has not been, but refuses a request"};
    }
}

/// Whether the ledger has this posting already. Throws if it is not the next one either.
bool replayer::is_known(const posting& state) const {
    const posting last = ledger_.balance(state.account).posting;
    if (state.sequence > last.sequence + 1)
        throw contradiction{state, "comes after posting " + std::to_string(last.sequence)};
    if (state.sequence == last.sequence && state.balance != last.balance)
        throw contradiction{state, "has another balance than the snapshot says"};
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

// A snapshot is a consistent cut: it has both postings of a transfer, or neither.
void replayer::apply_transfer(const record& one) {
    const bool payer_known = is_known(one.state);
    if (payer_known != is_known(one.payee))
        throw contradiction{payer_known ? one.payee : one.state,
                            "is half of a transfer whose other half is in the snapshot"};
    if (payer_known) {
        ++counts_.skipped;
        return;
    }
    const auto made = ledger_.transfer(one.state.account, one.payee.account, one.amount);
    require_same(made.from, one.state, made.error);
    require_same(made.to, one.payee, made.error);
    ledger_.note_durable(one.state.account, one.state.sequence);
    ledger_.note_durable(one.payee.account, one.payee.sequence);
}

}  // namespace coffer::journal
