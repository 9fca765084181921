#include "journal_run.hpp"

#include <functional>

#include "journal/reader.hpp"
#include "journal/replay.hpp"
#include "opened_log.hpp"

namespace coffer::test {

using journal::record;

namespace {

std::string wrong(account_number account, const std::string& what) {
    return "account " + std::to_string(account) + ' ' + what;
}

std::string check(promises& given, const coffer::ledger& ledger) {
    for (account_number account = 1; account <= journal_run::accounts; ++account) {
        const posting found = ledger.balance(account).posting;
        const auto acknowledged = given.acknowledged.find(account);
        if (acknowledged != given.acknowledged.end() && found.sequence < acknowledged->second)
            return wrong(account, "has lost posting " + std::to_string(acknowledged->second));
        auto& history = given.history[account];
        history.erase(history.upper_bound(found.sequence), history.end());
        if (found.sequence == 0)
            continue;
        const auto at = history.find(found.sequence);
        if (at == history.end())
            return wrong(account, "has a posting that was never made");
        if (at->second != found.balance.minor())
            return wrong(account, "has a balance that it never had");
        if (ledger.durable_sequence(account) != found.sequence)
            return wrong(account, "is not durable as far as it was recovered");
    }
    return {};
}

}  // namespace

std::string recover(const faulty_storage& from, promises& given, ledger& into) {
    for (const posting& one : given.snapshot)
        if (!into.restore(one))
            return wrong(one.account, "cannot be restored");
    for (auto& [key, times] : given.keys)
        times = 0;
    journal::replayer replay{
        into, [&given](const record& one, const journal::batch_stamp&, std::uint64_t) {
            const auto known = given.keys.find(std::string{one.key.text});
            if (known != given.keys.end())
                ++known->second;
        }};
    journal::reader reader{from, given.snapshot_next_record};
    replay.apply_all(reader);
    for (const auto& [key, times] : given.keys)
        if (times != 1)
            return "key " + key + " came back " + std::to_string(times) + " times";
    return check(given, into);
}

journal_run::journal_run(faulty_storage& where, promises& given, coffer::ledger& ledger,
                         std::uint64_t seed)
    : given_{given},
      ledger_{ledger},
      random_{seed},
      log_{opened_log(where, {.segment_bytes = 8'192})},
      awaited_(workers),
      next_key_{seed * 1'000'000} {
    std::vector<journal::lane*> all;
    for (std::size_t i = 0; i != workers; ++i) {
        lanes_.push_back(std::make_unique<journal::lane>(journal::lane::min_bytes, signal_,
                                                         std::function<void()>{}));
        all.push_back(lanes_.back().get());
    }
    // A client that asks for a balance now gets this one.
    for (account_number account = 1; account <= accounts; ++account)
        given_.acknowledged[account] = ledger_.balance(account).posting.sequence;
    committer_ = std::make_unique<journal::committer>(ledger_, *log_, all, [this] {
        ++now_ns_;
        return journal::batch_stamp{now_ns_, now_ns_};
    });
}

bool journal_run::run(int turns) {
    for (int turn = 0; turn != turns; ++turn) {
        for (std::uint64_t i = 1 + random_() % 6; i != 0; --i)
            operate(random_() % workers);
        if (!commit())
            return false;
        if (random_() % 16 == 0)
            take_snapshot();
    }
    return true;
}

bool journal_run::close() {
    return commit() && committer_->close() != journal::committer::progress::failed;
}

void journal_run::operate(std::size_t worker) {
    if (!lanes_[worker]->has_room_for())
        return;
    const account_number account = 1 + random_() % accounts;
    const account_number other = account % accounts + 1;
    const money amount = money::from_minor(static_cast<std::int64_t>(1 + random_() % 500));
    const std::string key =
        random_() % 2 == 0 ? std::string{} : "key-" + std::to_string(++next_key_);
    const journal::request_key named{key, {1, 2}};
    if (ledger_.balance(account).error == errc::no_such_account) {
        const auto made = ledger_.open(account, amount);
        return append(worker, record::of_opening(made.posting, named), {made.posting});
    }
    if (random_() % 3 == 0) {
        if (const auto moved = ledger_.transfer(account, other, amount))
            append(worker, record::of_transfer(moved.from, moved.to, amount, named),
                   {moved.from, moved.to});
        return;
    }
    if (random_() % 2 == 0) {
        const auto made = ledger_.deposit(account, amount);
        return append(worker, record::of_deposit(made.posting, amount, named), {made.posting});
    }
    const auto made = ledger_.withdraw(account, amount);
    if (made)
        return append(worker, record::of_withdrawal(made.posting, amount, named), {made.posting});
    append(worker, record::of_refusal(made.error, made.posting, named), {});
}

void journal_run::append(std::size_t worker, const record& one, std::vector<posting> made) {
    for (const posting& each : made)
        given_.history[each.account][each.sequence] = each.balance.minor();
    journal::lane& through = *lanes_[worker];
    through.begin();
    const journal::lane_ticket ticket = through.append(one);
    through.end();
    awaited_[worker].push_back({ticket, std::move(made), std::string{one.key.text}});
}

bool journal_run::commit() {
    using progress = journal::committer::progress;
    // As the room keeper would. Without room nothing is acknowledged, and that is all.
    static_cast<void>(log_->make_room());
    progress found = committer_->step();
    while (found == progress::committed)
        found = committer_->step();
    acknowledge();
    return found != progress::failed;
}

void journal_run::acknowledge() {
    for (std::size_t worker = 0; worker != workers; ++worker) {
        auto& waiting = awaited_[worker];
        while (!waiting.empty() && lanes_[worker]->is_durable(waiting.front().ticket)) {
            for (const posting& one : waiting.front().postings)
                given_.acknowledged[one.account] =
                    std::max(given_.acknowledged[one.account], one.sequence);
            if (!waiting.front().key.empty())
                given_.keys[waiting.front().key] = 0;
            waiting.erase(waiting.begin());
        }
    }
}

/// As if it were written to a disk that never fails, and then what it covers is trimmed. It may be
/// ahead of the position that it claims.
void journal_run::take_snapshot() {
    const std::uint64_t position = committer_->durable_record() + 1;
    if (!commit())
        return;
    std::vector<posting> states;
    for (account_number account = 1; account <= accounts; ++account) {
        const outcome found = ledger_.balance(account);
        if (ledger_.durable_sequence(account) != found.posting.sequence)
            return;
        if (found)
            states.push_back(found.posting);
    }
    given_.snapshot = std::move(states);
    given_.snapshot_next_record = position;
    given_.keys.clear();
    static_cast<void>(log_->trim(position));
}

}  // namespace coffer::test
