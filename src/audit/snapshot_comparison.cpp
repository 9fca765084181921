#include "audit/snapshot_comparison.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "journal/interruption.hpp"
#include "ops/hold_id_text.hpp"
#include "ops/stopping.hpp"
#include "ops/text.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {
namespace {

// How many accounts ahead memory is prefetched: hides a cache miss, and stays in the cache.
constexpr std::size_t ahead = 16;

std::string state_text(const account_view& state) {
    std::string said = "posting " + std::to_string(state.sequence) + " with a balance of " +
                       to_string(state.balance);
    if (state.held != money{})
        said += ", of which held " + to_string(state.held);
    return state.status == account_status::closed ? said + ", closed" : said;
}

bool is_same(const account_view& one, const account_view& other) noexcept {
    return one.balance == other.balance && one.held == other.held && one.status == other.status;
}

bool is_same(const hold& one, const hold& other) noexcept {
    return one.account == other.account && one.id == other.id && one.amount == other.amount &&
           one.captured == other.captured && one.remaining == other.remaining &&
           one.status == other.status && one.expires_at_ns == other.expires_at_ns;
}

bool is_gone(const std::filesystem::path& file) {
    std::error_code error;
    return !std::filesystem::exists(file, error) && !error;
}

}  // namespace

void snapshot_comparison::begin(history& so_far) {
    completes_ = !so_far.is_complete();
    const std::size_t known = so_far.accounts().size();
    // Each account is compared some accounts later, when its memory has been fetched.
    std::array<account_view, ahead> fetching{};
    std::size_t read = 0;
    const auto take = [&](const account_view& listed) {
        journal::interruption::check();
        so_far.accounts().prefetch(listed.account);
        account_view& oldest = fetching[read % ahead];
        if (read++ >= ahead)
            compare(oldest, so_far);
        oldest = listed;
        return std::optional<std::string>{};
    };
    snapshot::read_accounts(file_, take, [this](const hold& listed) {
        if (!journal::is_possible_slot(listed.id.slot, info_.until_record))
            return std::optional{hold_text(listed.id) + " has a slot beyond all that there can be"};
        ++holds_listed_;
        held_minor_ += listed.remaining.minor();
        sums_.add(listed);
        holds_[listed.account].push_back(listed);
        return std::optional<std::string>{};
    });
    for (std::size_t i = read - std::min(read, ahead); i != read; ++i)
        compare(fetching[i % ahead], so_far);
    if (listed_ != info_.accounts)
        add(0, "it lists " + std::to_string(listed_) + " accounts, but states " +
                   std::to_string(info_.accounts));
    if (total_minor_ != info_.total_minor)
        add(0, "its balances sum to " + to_money_text(total_minor_) + ", but it states " +
                   to_money_text(info_.total_minor));
    if (holds_listed_ != info_.holds || held_minor_ != info_.held_minor)
        add(0, "it lists " + std::to_string(holds_listed_) + " holds and " +
                   to_money_text(held_minor_) + " held, but states " + std::to_string(info_.holds) +
                   " and " + to_money_text(info_.held_minor));
    // If each hold is the journal's, and they add up, no open one is missing.
    sums_.visit_wrong([this](account_number account, std::string what) { add(account, what); });
    take_holds(so_far);
    if (known_listed_ != known)
        find_missing(so_far);
    if (completes_)
        so_far.note_complete(info_.until_record);
    if (info_.after_record == info_.until_record)
        end();
}

void snapshot_comparison::compare(const account_view& listed, history& so_far) {
    ++listed_;
    total_minor_ += listed.balance.minor();
    sums_.add(listed);
    registered_account* const known = so_far.accounts().find(listed.account);
    if (known == nullptr) {
        if (completes_)
            return so_far.believe(listed, number_);
        return expect_later(listed);
    }
    if (known->listed_in == number_)
        return add(listed.account, "is listed twice");
    known->listed_in = number_;
    ++known_listed_;
    if (listed.sequence >= known->sequence && !so_far.is_certain(*known))
        return so_far.believe(listed, number_);
    compare_known(listed, *known, so_far);
}

void snapshot_comparison::compare_known(const account_view& listed, const registered_account& known,
                                        const history& so_far) {
    const account_view had = so_far.view_of(known);
    if (listed.sequence > known.sequence)
        expect_later(listed);
    else if (listed.sequence < known.sequence)
        add(listed.account, "is listed with posting " + std::to_string(listed.sequence) +
                                ", but by record " + std::to_string(info_.after_record) +
                                " the journal has " + state_text(had));
    else if (!is_same(listed, had))
        add(listed.account,
            "is listed with " + state_text(listed) + ", but the journal has " + state_text(had));
}

/// Compares the holds, those of accounts with a later posting once that has come. Those of accounts
/// that were taken over are taken over too.
void snapshot_comparison::take_holds(history& so_far) {
    std::vector<account_number> as_known;
    for (const auto& [account, listed] : holds_) {
        const registered_account* const known = so_far.accounts().find(account);
        if (known == nullptr && !later_.contains(account))
            add(account, "has a hold, but is not listed");
        if (completes_ && known != nullptr && known->from_snapshot)
            for (const hold& one : listed)
                so_far.believe_hold(one);
        if (!later_.contains(account))
            as_known.push_back(account);
    }
    for (const account_number account : as_known)
        compare_holds(account, so_far);
}

void snapshot_comparison::compare_holds(account_number account, history& so_far) {
    const auto listed = holds_.find(account);
    if (listed == holds_.end())
        return;
    for (const hold& one : listed->second) {
        const hold* const known = so_far.holds().find(one.id.slot);
        const bool is_there = known != nullptr && known->account == account && known->id == one.id;
        // The slot of one that has ended may have another hold by now.
        const bool is_reused = !is_there && known != nullptr && one.status != hold_status::held;
        if (completes_ && !is_there && !is_reused)
            so_far.believe_hold(one);
        else if (!is_reused && !(is_there && is_same(*known, one)))
            add(account, hold_text(one.id) + " is listed otherwise than the journal has it");
    }
    holds_.erase(listed);
}

void snapshot_comparison::expect_later(const account_view& listed) {
    if (!later_.try_emplace(listed.account, listed).second)
        add(listed.account, "is listed twice");
}

void snapshot_comparison::find_missing(const history& so_far) const {
    so_far.accounts().visit([this](const registered_account& one) {
        if (one.listed_in != number_)
            add(one.account, "is missing, but the journal has it by record " +
                                 std::to_string(info_.after_record));
    });
}

/// Notes the posting that the history has taken over for an account, if this posting comes before
/// it. (The history itself compares the posting with that sequence.)
void snapshot_comparison::expect_believed(const posting& state, history& so_far) {
    const registered_account* const known = so_far.accounts().find(state.account);
    if (known == nullptr || !known->from_snapshot || !so_far.is_certain(*known))
        return;
    if (state.sequence == known->sequence)
        later_.erase(state.account);
    else if (state.sequence < known->sequence)
        later_.try_emplace(state.account, so_far.view_of(*known));
}

/// Whether the snapshot has this posting of a record behind after_record.
bool snapshot_comparison::has(const posting& state) const {
    const auto found = later_.find(state.account);
    return found != later_.end() && state.sequence <= found->second.sequence;
}

void snapshot_comparison::watch(const journal::record& one, history& so_far) {
    if (completes_)
        journal::visit_postings(one, [&](const posting& made) { expect_believed(made, so_far); });
    if (later_.empty() || one.kind == journal::record_kind::refusal)
        return;
    // A snapshot that completes the history has postings that later_ does not have.
    if (!completes_) {
        const bool has_first = has(one.state);
        journal::visit_postings(one, [&](const posting& other) {
            if (has(other) == has_first)
                return;
            const posting& missing = has_first ? other : one.state;
            add(missing.account,
                "lacks posting " + std::to_string(missing.sequence) +
                    (one.kind == journal::record_kind::transaction
                         ? ", of a transaction of which the snapshot has another part"
                         : ", whose transfer's other half the snapshot has"));
        });
    }
    journal::visit_postings(one, [&](const posting& made) { meet(made, so_far); });
}

void snapshot_comparison::meet(const posting& state, history& so_far) {
    const auto found = later_.find(state.account);
    if (found == later_.end() || found->second.sequence != state.sequence)
        return;
    account_view had{state};
    if (const registered_account* const known = so_far.accounts().find(state.account);
        known != nullptr && known->sequence == state.sequence)
        had.status = known->is_closed ? account_status::closed : account_status::open;
    if (!is_same(found->second, had))
        add(state.account, "is listed with " + state_text(found->second) +
                               ", but the journal has " + state_text(had));
    later_.erase(found);
    compare_holds(state.account, so_far);
}

void snapshot_comparison::end() {
    for (const auto& [account, listed] : later_)
        add(account, "is listed with " + state_text(listed) +
                         ", which the journal does not have by "
                         "record " +
                         std::to_string(info_.until_record));
    later_.clear();
}

void snapshot_comparison::add(account_number account, std::string what) const {
    faults_.add({file_.string(), std::nullopt, account, std::move(what)});
}

snapshot_queue::snapshot_queue(std::filesystem::path snapshots, fault_list& faults)
    : directory_{std::move(snapshots)},
      faults_{faults},
      files_{snapshot::list_snapshots(directory_)} {}

void snapshot_queue::check_each(const ledger_id& ledger) {
    for (const std::filesystem::path& file : files_)
        check(file, ledger);
    std::ranges::sort(summaries_, {}, &snapshot_summary::number);
    waiting_.sort([](const snapshot_comparison& one, const snapshot_comparison& other) {
        return one.info().after_record < other.info().after_record;
    });
}

void snapshot_queue::check(const std::filesystem::path& file, const ledger_id& ledger) {
    stopping::check();
    try {
        const snapshot::snapshot_info info = snapshot::check_snapshot(file);
        if (std::to_string(info.number) != file.stem())
            return add(file, "it states the number " + std::to_string(info.number));
        summaries_.push_back({.number = info.number,
                              .after_record = info.after_record,
                              .until_record = info.until_record,
                              .accounts = info.accounts});
        if (info.after_record > info.until_record)
            return add(file, "its after_record " + std::to_string(info.after_record) +
                                 " is above its until_record " + std::to_string(info.until_record));
        if (info.ledger != ledger)
            return add(file, "it is of the ledger " + to_hexadecimal(info.ledger) +
                                 ", but the journal is of " + to_hexadecimal(ledger));
        waiting_.push_back({file, info, ++begun_, faults_});
    } catch (const std::runtime_error& failure) {
        if (!is_gone(file))
            faults_.add(fault_of(failure, file.string()));
    }
}

void snapshot_queue::begin_at(std::uint64_t next_record, history& so_far) {
    open_.clear();
    std::erase_if(waiting_, [next_record](const snapshot_comparison& one) {
        return one.info().after_record + 1 < next_record;
    });
    begin_those_after(next_record - 1, so_far);
}

void snapshot_queue::begin_those_after(std::uint64_t record, history& so_far) {
    while (!waiting_.empty() && waiting_.front().info().after_record <= record) {
        open_.splice(open_.end(), waiting_, waiting_.begin());
        if (!begin(open_.back(), so_far) || open_.back().info().until_record <= record)
            open_.pop_back();
    }
    next_event_ = waiting_.empty() ? std::numeric_limits<std::uint64_t>::max()
                                   : waiting_.front().info().after_record;
}

bool snapshot_queue::begin(snapshot_comparison& one, history& so_far) {
    try {
        one.begin(so_far);
        const std::uint64_t number = one.info().number;
        std::ranges::find(summaries_, number, &snapshot_summary::number)->compared = true;
        return true;
    } catch (const std::runtime_error& failure) {
        if (!is_gone(one.file()))
            faults_.add(fault_of(failure, one.file().string()));
        return false;
    }
}

void snapshot_queue::pass_slowly(const journal::record& one, std::uint64_t number,
                                 history& so_far) {
    for (auto at = open_.begin(); at != open_.end();) {
        at->watch(one, so_far);
        if (at->info().until_record > number) {
            ++at;
            continue;
        }
        at->end();
        at = open_.erase(at);
    }
    begin_those_after(number, so_far);
}

void snapshot_queue::end_at(std::uint64_t last_record) {
    for (const std::list<snapshot_comparison>* const left : {&open_, &waiting_})
        for (const snapshot_comparison& one : *left)
            add(one.file(), "it has records up to " + std::to_string(one.info().until_record) +
                                ", but the journal ends with " + std::to_string(last_record) +
                                ": its end is lost");
    open_.clear();
    waiting_.clear();
}

bool snapshot_queue::has_newer_files() const {
    return std::ranges::any_of(snapshot::list_snapshots(directory_),
                               [this](const std::filesystem::path& file) {
                                   return std::ranges::find(files_, file) == files_.end();
                               });
}

void snapshot_queue::add(const std::filesystem::path& file, std::string what) {
    faults_.add({file.string(), std::nullopt, 0, std::move(what)});
}

}  // namespace coffer::audit
