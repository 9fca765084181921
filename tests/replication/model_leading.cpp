// The part of model_life that leads.
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "journal/appender.hpp"
#include "replication/model_life.hpp"

namespace coffer::test {

using namespace replication;
using namespace std::chrono_literals;
using progress = journal::committer::progress;

namespace {

constexpr key_value_store::timeout within{1000};

journal::batch_stamp stamp_in(virtual_world& world) {
    const auto now = static_cast<std::uint64_t>(world.now().count()) + 1;
    return {now, now};
}

std::array<journal::lane*, 1> only(journal::lane& one) {
    return {&one};
}

}  // namespace

model_term::model_term(model_life& of, const won_term& won)
    : log{of.store, of.cluster.keys, of.files, of.rights, of.log_settings(won)},
      lane{journal::lane::min_bytes, signal, std::function<void()>{}},
      progress{of.world},
      work{of.world} {}

replicated_log::settings model_life::log_settings(const won_term& won) {
    return {.node = node.name(),
            .term = won,
            .read_lease = node.read_lease,
            .within = within,
            .boottime =
                [this] {
                    // After its end nothing waits.
                    return has_ended() || waits_no_more_ ? std::chrono::nanoseconds::max()
                                                         : node.boottime();
                },
            .sleep = [this](std::chrono::nanoseconds time) { world.sleep(time + 1ms); },
            .random = [this] { return world.number(); },
            .syncs_in_background = false};
}

void model_life::lead(const won_term& won, campaign& standing) {
    ++cluster.terms;
    cluster.handovers += won.was_handed_over ? 1U : 0U;
    denies_ = false;
    waits_no_more_ = false;
    const auto mine = std::make_shared<model_term>(*this, won);
    rights.become(node_role::leader);
    world.spawn(process, [self = shared_from_this(), mine] { self->beat(*mine); });
    mine->has_beats = true;
    if (won.barrier.is_opening)
        open_accounts(*mine);
    mine->committer.emplace(
        *ledger, mine->log, only(mine->lane), [this] { return stamp_in(world); },
        cluster.chosen.reads_by_barrier);
    term = mine;
    while (!has_ended() && !mine->is_over && turn(*mine)) {
    }
    mine->is_over = true;
    mine->progress.notify_all();
    standing.withdraw();
    term.reset();
    while (mine->has_beats)
        mine->progress.wait_until(world.now() + 1s);
}

void model_life::beat(model_term& mine) {
    for (auto renewed = world.now(); !has_ended() && !mine.is_over; world.sleep(300ms)) {
        if (!mine.log.beat()) {
            mine.is_over = true;
            mine.work.notify_all();
        }
        if (world.now() - renewed >= 1s) {
            renewed = world.now();
            mine.log.keep_alive();
        }
    }
    mine.has_beats = false;
    mine.progress.notify_all();
}

/// The accounts of a first start, in two batches, without those that an earlier leader has opened.
void model_life::open_accounts(model_term& mine) {
    constexpr account_number half = model_cluster::accounts / 2;
    open_some(mine, 1, half, true);
    if (!has_ended() && !mine.is_over)
        open_some(mine, half + 1, model_cluster::accounts, false);
}

void model_life::open_some(model_term& mine, account_number first, account_number last,
                           bool more_follow) {
    mine.log.mark_opening(more_follow);
    const bool opens_early = cluster.chosen.fault == planted::accounts_ahead_of_the_log;
    journal::batch_builder batch;
    std::vector<posting> made;
    for (account_number one = first; one <= last; ++one) {
        if (ledger->balance(one))
            continue;
        std::byte bytes[journal::format::record::max_bytes];
        made.push_back({one, 1, money::from_minor(1000)});
        batch.add(std::span{bytes}.first(
            journal::encode(journal::record::of_opening(made.back()), bytes)));
        if (opens_early)
            static_cast<void>(ledger->open(one, made.back().balance));
    }
    if (made.empty())
        return;
    journal::appender appender{mine.log};
    const journal::batch_view one = batch.seal(appender.end(), stamp_in(world));
    for (auto found = appender.append(one); found != journal::appender::result::durable;
         found = appender.append(one)) {
        if (found == journal::appender::result::failed || has_ended() || mine.is_over) {
            mine.is_over = true;
            return;
        }
        take_snapshot_of_accounts();
        world.sleep(5ms);
    }
    for (const posting& each : made) {
        if (!opens_early)
            static_cast<void>(ledger->open(each.account, each.balance));
        ledger->note_durable(each.account, 1);
    }
}

/// One turn of the journal. False if the term is over.
bool model_life::turn(model_term& mine) {
    switch (mine.committer->step()) {
        case progress::failed:
            return false;
        case progress::unknown:
            if (cluster.chosen.fault == planted::absent_means_not_applied &&
                deny_what_is_absent(mine))
                return false;
            world.sleep(5ms);
            return true;
        case progress::idle:
            return idle(mine);
        default:
            break;
    }
    mine.progress.notify_all();
    cluster.check_copy(node.name(), *node.files);
    if (world.below(8) == 0)
        trim(mine);
    if (world.below(6) == 0)
        take_snapshot(mine);
    return true;
}

bool model_life::idle(model_term& mine) {
    if (mine.is_stepping_down)
        return hand_over(mine);
    mine.work.wait_until(world.now() + 20ms);
    return true;
}

bool model_life::hand_over(model_term& mine) {
    waits_no_more_ = cluster.chosen.fault == planted::releases_at_once;
    for (int i = 0; i != 10 && !has_ended(); ++i)
        if (mine.log.release())
            return false;
    return false;
}

/// The planted fault: an entry that a read does not find counts as not applied, and never to be.
bool model_life::deny_what_is_absent(model_term& mine) {
    const auto found =
        store.read({.key = cluster.keys.entry(mine.log.reached().number + 1)}, within, false);
    if (!found || !found.value.found.empty() || has_ended())
        return false;
    denies_ = true;
    return true;
}

/// As housekeeping does it: what itself and a majority have synced, but for a few entries.
void model_life::trim(model_term& mine) {
    constexpr std::uint64_t stays = 4;
    const auto reached = mine.log.reached();
    std::vector<std::uint64_t> synced;
    for (std::size_t i = 0; i != model_cluster::nodes; ++i)
        synced.push_back(cluster.node(i).synced_record());
    std::ranges::sort(synced);
    const std::uint64_t kept = std::min(synced[model_cluster::nodes / 2], node.synced_record());
    if (reached.number <= stays)
        return;
    transaction asked;
    asked.compare = {{cluster.keys.leader(), comparison::subject::create_revision,
                      comparison::relation::equal, static_cast<std::int64_t>(reached.term)}};
    // The last whose records are all synced.
    std::uint64_t end = 0;
    for (const auto& [key, one] : cluster.store.state().all()) {
        const auto number = cluster.keys.entry_number(key);
        if (!number || *number + stays > reached.number)
            continue;
        const auto entry = decode_entry(one.value);
        if (entry.value && entry.value->after.next_record - 1 <= kept)
            end = *number;
    }
    if (end == 0)
        return;
    ++cluster.trims;
    asked.success = {replication::operation::remove(cluster.keys.entries(0, end))};
    static_cast<void>(store.transact(asked, within));
}

/// Of a ledger whose first accounts are being opened: it has nothing else.
void model_life::take_snapshot_of_accounts() {
    if (ledger->size() > files.tail().next_record - 1)
        cluster.history.wrong(node.name() + " has a snapshot of accounts that are not in the log");
}

void model_life::take_snapshot(model_term& mine) {
    const std::uint64_t until = mine.committer->durable_record();
    if (cluster.chosen.fault == planted::snapshot_ahead_of_the_journal) {
        node.snapshot_record = until;
        return;
    }
    if (has_ended() || !mine.log.wait_kept_here(until, std::chrono::steady_clock::time_point{}))
        return;
    node.kept_record = std::max(node.kept_record, until);  // what was waited for
    node.snapshot_record = std::max(node.snapshot_record, until);
}

}  // namespace coffer::test
