#include "replication/store_keeper.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/log.hpp"

namespace coffer::replication {
namespace {

// Reports, beats and keys of leaders are revisions too, where nothing is removed.
constexpr std::int64_t most_revisions_kept = 10'000;

constexpr std::uint64_t mib(std::uint64_t bytes) noexcept {
    return bytes >> 20;
}

struct member_size {
    std::string name;
    store_size size;
    [[nodiscard]] std::uint64_t free_bytes() const noexcept {
        return size.database_bytes - std::min(size.database_bytes, size.used_bytes);
    }
};

}  // namespace

store_keeper::store_keeper(const subject& of)
    : of_{of}, log_{of.store, of.keys, of.term, of.within} {}

std::uint64_t store_keeper::kept_bytes() const {
    return std::min(of_.tail_bytes, of_.room.quota_bytes() / 4);
}

void store_keeper::pass(const log_reader::place& last, std::uint64_t synced_entry,
                        std::chrono::nanoseconds now) {
    const bool is_alarmed = look_for_alarm();
    if (of_.term == 0 && !is_alarmed)
        return;
    const auto state = read_cluster(of_.store, of_.keys, of_.within);
    if (!state || state.value.term != of_.term)
        return;
    const bool is_tight = is_alarmed || of_.room.now(last.total_bytes).is_tight;
    trim(state.value, last, synced_entry, now, is_tight);
    if (of_.is_stopping())
        return;
    compact(state.value.revision);
    if (is_tight)
        defragment(is_alarmed || of_.room.now(last.total_bytes).is_full);
    if (is_alarmed && !of_.is_stopping())
        end_alarm();
}

bool store_keeper::look_for_alarm() {
    const auto found = of_.care.has_space_alarm(of_.within);
    const bool is_raised = found ? found.value : is_alarmed();
    if (is_raised && !is_alarmed_.exchange(true, std::memory_order_relaxed))
        log::error("replication: the store has raised its alarm of a full quota");
    if (!is_raised && is_alarmed_.exchange(false, std::memory_order_relaxed))
        log::info("replication: the store's alarm has ended");
    return is_raised;
}

/// Whether a node copies another's journal, and still reports.
bool store_keeper::waits_for_a_node(const cluster_state& state, std::chrono::nanoseconds now) {
    bool waits = false;
    for (const auto& [node, report] : state.reports) {
        if (!report.value.is_catching_up) {
            catching_up_.erase(node);
            continue;
        }
        auto& [revision, since] = catching_up_[node];
        if (revision != report.revision) {
            revision = report.revision;
            since = now;
        }
        waits = waits || now - since < of_.patience;
    }
    return waits;
}

void store_keeper::trim(const cluster_state& state, const log_reader::place& last,
                        std::uint64_t synced_entry, std::chrono::nanoseconds now,
                        bool must_make_room) {
    const std::uint64_t keep = kept_bytes();
    const auto tail = log_.measure(last);
    if (!tail)
        return;
    if (waits_for_a_node(state, now) && !must_make_room && tail.value < 3 * keep)
        return;
    const std::uint64_t until = std::min(synced_entry, state.synced_by_majority());
    // Entry 0 stays for a second one too: nodes add themselves while it is there.
    const auto removed =
        state.lacks_a_second() ? answer<std::uint64_t>{} : log_.remove(last, until, keep);
    if (removed.error == store_error::refused && !std::exchange(was_refusal_logged_, true))
        log::warn("replication: entries of the log were not removed: {}", removed.reason);
    report_growth(state, now);
    report_strangers(state);
}

/// Names nodes that report again and again and are no members.
void store_keeper::report_strangers(const cluster_state& state) {
    std::string names;
    for (const auto& [node, report] : state.reports) {
        if (state.is_member(node)) {
            strangers_.erase(node);
            continue;
        }
        std::int64_t& first = strangers_.try_emplace(node, report.revision).first->second;
        if (first == 0 || first == report.revision)
            continue;
        first = 0;
        names += (names.empty() ? "" : ", ") + node;
    }
    if (!names.empty())
        log::warn(
            "replication: entries are removed from the store without waiting for {}, which follows "
            "the log and is no member: see `coffer cluster add`",
            names);
}

void store_keeper::report_growth(const cluster_state& state, std::chrono::nanoseconds now) {
    const std::uint64_t tail = log_.tail_bytes();
    if (tail <= 2 * kept_bytes()) {
        has_grown_since_.reset();
        was_growth_logged_ = false;
        return;
    }
    if (!has_grown_since_)
        has_grown_since_ = now;
    if (now - *has_grown_since_ >= of_.growth_patience && !was_growth_logged_) {
        was_growth_logged_ = true;
        std::string synced;
        for (const auto& [node, url] : state.members) {
            const auto found = state.reports.find(node);
            synced += synced.empty() ? "" : ", ";
            synced +=
                node + ' ' +
                (found == state.reports.end() ? "nothing"
                                              : std::to_string(found->second.value.synced_entry));
        }
        log::warn(
            "replication: the log's tail in the store has {} MiB, and grows: entries are removed "
            "once this node and a majority of the members have synced them ({}){}",
            mib(tail), synced.empty() ? "there are no members" : synced,
            state.lacks_a_second()
                ? ": start another node, or name this one by `coffer cluster add` if it is to be "
                  "alone"
                : "");
    }
}

void store_keeper::compact(std::int64_t revision) {
    if (removed() == removed_before_ && revision - compacted_ < most_revisions_kept)
        return;
    if (of_.care.compact(revision, of_.compact_within) != store_error::none)
        return;
    removed_before_ = removed();
    compacted_ = revision;
}

/// Gives the free pages of members back, one after the other, where that is enough to matter: while
/// one of them does so, the others must be there.
void store_keeper::defragment(bool is_urgent) {
    std::vector<member_size> members;
    for (const std::string& name : of_.care.members()) {
        const auto size = of_.care.size_of(name, of_.within);
        if (size)
            members.push_back({name, size.value});
        else if (!is_urgent)
            return;
    }
    std::ranges::stable_sort(members, {},
                             [](const member_size& one) { return one.size.is_leader; });
    const std::uint64_t enough = of_.room.quota_bytes() / (is_urgent ? 32 : 8);
    for (const member_size& one : members) {
        if (one.free_bytes() < enough)
            continue;
        if (of_.is_stopping())
            return;
        if (of_.care.defragment(one.name, of_.defragment_within) != store_error::none)
            return;
        log::info("replication: {} was defragmented, for {} MiB", one.name, mib(one.free_bytes()));
    }
}

void store_keeper::end_alarm() {
    for (const std::string& name : of_.care.members()) {
        const auto size = of_.care.size_of(name, of_.within);
        if (size && size.value.database_bytes >= of_.room.quota_bytes() / 5 * 4)
            return;
    }
    if (of_.care.disarm_space_alarm(of_.within) == store_error::none)
        static_cast<void>(look_for_alarm());
}

}  // namespace coffer::replication
