#include "audit/snapshot_comparison.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "snapshot/accounts_reader.hpp"

namespace coffer::audit {
namespace {

// Enough to hide a miss, few enough to stay in the cache.
constexpr std::size_t ahead = 16;

std::string state_text(const posting& state) {
    return "posting " + std::to_string(state.sequence) + " with a balance of " +
           to_string(state.balance);
}

}  // namespace

void snapshot_comparison::begin(history& so_far) {
    completes_ = !so_far.is_complete();
    const std::size_t known = so_far.accounts().size();
    // Each is compared some accounts later, when its memory has been fetched.
    std::array<posting, ahead> fetching{};
    std::size_t read = 0;
    snapshot::read_accounts(file_, [&](const posting& listed) {
        so_far.accounts().prefetch(listed.account);
        posting& oldest = fetching[read % ahead];
        if (read++ >= ahead)
            compare(oldest, so_far);
        oldest = listed;
        return std::optional<std::string>{};
    });
    for (std::size_t i = read - std::min(read, ahead); i != read; ++i)
        compare(fetching[i % ahead], so_far);
    if (listed_ != info_.accounts)
        add(0, "it lists " + std::to_string(listed_) +
                   " accounts and not the number that it says, " + std::to_string(info_.accounts));
    if (total_minor_ != static_cast<wide_minor>(info_.total_minor))
        add(0, "its balances sum to " + to_money_text(total_minor_) + " and not to what it says, " +
                   to_money_text(static_cast<wide_minor>(info_.total_minor)));
    if (known_listed_ != known)
        find_missing(so_far);
    if (completes_)
        so_far.note_complete(info_.until_record);
    if (info_.after_record == info_.until_record)
        end();
}

void snapshot_comparison::compare(const posting& listed, history& so_far) {
    ++listed_;
    total_minor_ += listed.balance.minor();
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
    compare_known(listed, *known);
}

void snapshot_comparison::compare_known(const posting& listed, const registered_account& known) {
    const posting had{known.account, known.sequence, known.balance};
    if (listed.sequence > known.sequence)
        expect_later(listed);
    else if (listed.sequence < known.sequence)
        add(listed.account, "is listed with posting " + std::to_string(listed.sequence) +
                                ", but by record " + std::to_string(info_.after_record) +
                                " the journal has " + state_text(had));
    else if (listed.balance != known.balance)
        add(listed.account,
            "is listed with " + state_text(listed) + ", but the journal has " + state_text(had));
}

void snapshot_comparison::expect_later(const posting& listed) {
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

/// Notes what the history has believed of an account, if this posting of it comes before that. (It
/// has itself compared the one that is that.)
void snapshot_comparison::expect_believed(const posting& state, history& so_far) {
    const registered_account* const known = so_far.accounts().find(state.account);
    if (known == nullptr || !known->from_snapshot || !so_far.is_certain(*known))
        return;
    if (state.sequence == known->sequence)
        later_.erase(state.account);
    else if (state.sequence < known->sequence)
        later_.try_emplace(state.account, posting{known->account, known->sequence, known->balance});
}

/// Whether the snapshot has this posting of a later record.
bool snapshot_comparison::has(const posting& state) const {
    const auto found = later_.find(state.account);
    return found != later_.end() && state.sequence <= found->second.sequence;
}

void snapshot_comparison::watch(const journal::record& one, history& so_far) {
    if (completes_ && one.kind != journal::record_kind::refusal) {
        expect_believed(one.state, so_far);
        if (one.kind == journal::record_kind::transfer)
            expect_believed(one.payee, so_far);
    }
    if (later_.empty() || one.kind == journal::record_kind::refusal)
        return;
    if (one.kind == journal::record_kind::transfer) {
        // One that completes the history has postings that later_ does not know of.
        if (!completes_ && has(one.state) != has(one.payee)) {
            const bool has_payer = has(one.state);
            const posting& missing = has_payer ? one.payee : one.state;
            add(missing.account, "lacks posting " + std::to_string(missing.sequence) +
                                     ", whose transfer's other half the snapshot has");
        }
        meet(one.payee);
    }
    meet(one.state);
}

void snapshot_comparison::meet(const posting& state) {
    const auto found = later_.find(state.account);
    if (found == later_.end() || found->second.sequence != state.sequence)
        return;
    if (found->second.balance != state.balance)
        add(state.account, "is listed with " + state_text(found->second) +
                               ", but the journal has " + state_text(state));
    later_.erase(found);
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

}  // namespace coffer::audit
