#include "replication/follower.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "ops/log.hpp"
#include "ops/stopping.hpp"
#include "replication/begin_log.hpp"
#include "replication/catch_up.hpp"

namespace coffer::replication {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds between_polls{50};
constexpr milliseconds between_looks{100};  // for a leader
constexpr milliseconds for_a_hint{400};     // where nothing comes: the leader may be gone
constexpr milliseconds after_an_entry{1000};
constexpr milliseconds after_a_failure{200};
constexpr milliseconds between_attempts{50};  // at the barrier
constexpr std::chrono::seconds between_warnings{10};
constexpr std::chrono::seconds patience_of_catch_up{10};

campaign::settings campaign_of(const replication_options& options, const ledger_id& ledger) {
    return {.node = options.node,
            .url = options.advertise,
            .ledger = ledger,
            .lease = options.lease,
            .read_lease = options.read_lease,
            .within = options.request_timeout};
}

}  // namespace

follower::follower(key_value_store& store, const replication_options& options,
                   const ledger_id& ledger, standby& into, leadership& rights)
    : store_{store},
      options_{options},
      ledger_{ledger},
      standby_{into},
      rights_{rights},
      reader_{store, log_keys{options.ledger}, ledger, options.request_timeout},
      campaign_{store, log_keys{options.ledger}, campaign_of(options, ledger)} {
    rights_.set_applied({standby_.at().next_record - 1, {}});
}

std::optional<won_term> follower::run(const std::function<bool()>& is_asked_to_stop) {
    is_asked_to_stop_ = &is_asked_to_stop;
    standby_.on_wait([this] { return wait_for_a_cut(); });
    while (!is_to_stop()) {
        try {
            look_for_leader();
            if (!has_place_)
                find_place();
            else if (const found what = read_on(); what == found::nothing)
                rest(after_a_failure);
            else if (what == found::end) {
                if (is_leaderless_ && steady_clock::now() >= not_before_)
                    if (auto won = stand())
                        return won;
                wait_for_more();
            }
        } catch (const behind_the_tail& behind) {
            catch_up(behind.what());
        } catch (const stopping::stopped&) {
            break;
        }
    }
    return std::nullopt;
}

void follower::rest(milliseconds time) const {
    std::this_thread::sleep_for(time);
}

/// At the log's end. Where another node leads and nothing has come for a while, the store is asked
/// to say so when there is an entry more, which takes a connection of its own. That is a hint: what
/// there is is read.
void follower::wait_for_more() {
    const auto now = steady_clock::now();
    if (now >= busy_until_ && !leader_url_.empty())
        static_cast<void>(
            store_.wait_for_change(log_keys{options_.ledger}.entry(reader_.now().number + 1),
                                   reader_.revision(), for_a_hint));
    if (const auto waited = steady_clock::now() - now; waited < between_polls)
        std::this_thread::sleep_for(between_polls - waited);
}

/// Whether the store has the log of this ledger. Throws log_contradiction if it has another one, or
/// none.
bool follower::has_its_log() {
    const auto known = find_ledger(store_, log_keys{options_.ledger}, options_.request_timeout);
    if (!known) {
        warn("the log cannot be read now", known.reason);
        return false;
    }
    if (!known.value)
        throw log_contradiction{"etcd has no ledger '" + options_.ledger +
                                "', of which the data directory is a copy: it was wiped, or is "
                                "another cluster"};
    if (*known.value != ledger_)
        throw log_contradiction{"etcd has another ledger as '" + options_.ledger +
                                "' than the one of which the data directory is a copy"};
    return true;
}

void follower::find_place() {
    is_known_log_ = is_known_log_ || has_its_log();
    if (!is_known_log_)
        return rest(after_a_failure);
    if (reader_.find(standby_.at()) != store_error::none) {
        warn("the log cannot be read now", reader_.why_not_found());
        return rest(after_a_failure);
    }
    has_place_ = true;
    note(reader_.now());
}

/// Of what lasts: once, and then each ten seconds.
void follower::warn(std::string_view what, std::string_view reason) {
    const auto now = steady_clock::now();
    if (now < warn_again_)
        return;
    warn_again_ = now + between_warnings;
    log::warn("{}: {}", what, reason);
}

/// Takes the next entries.
follower::found follower::read_on() {
    const std::chrono::nanoseconds asked_at = leadership::boottime();
    const auto next = reader_.next();
    if (!next) {
        warn("the log cannot be read now", next.reason);
        return found::nothing;
    }
    if (next.value.empty()) {
        rights_.set_applied({standby_.at().next_record - 1, asked_at});
        return found::end;
    }
    for (const log_entry& one : next.value)
        take(one);
    rights_.set_applied({standby_.at().next_record - 1, rights_.applied().at_end});
    busy_until_ = steady_clock::now() + after_an_entry;
    return found::more;
}

void follower::take(const log_entry& one) {
    if (has_batch(one.kind))
        while (!standby_.take(journal::check_batch(one.batch).value)) {
            if (const auto now = steady_clock::now(); now >= warn_again_) {
                warn_again_ = now + between_warnings;
                log::warn("this node's disk has no room for what the log has");
            }
            rest(after_a_failure);
            if (is_to_stop())
                throw files_failed{"the disk has no room for what the log has"};
        }
    note(log_reader::after(one));
}

void follower::note(const log_reader::place& taken) {
    const std::lock_guard lock{mutex_};
    not_synced_.push_back({taken.number, taken.after.next_record - 1});
}

node_report follower::report() const {
    const std::uint64_t synced = standby_.synced_record();
    const std::lock_guard lock{mutex_};
    while (!not_synced_.empty() && not_synced_.front().last_record <= synced) {
        synced_entry_ = not_synced_.front().number;
        not_synced_.pop_front();
    }
    node_report now;
    now.synced_entry = synced_entry_;
    now.synced_record = synced;
    now.applied_record = rights_.applied().record;
    now.is_catching_up = is_catching_up_;
    return now;
}

void follower::look_for_leader() {
    const auto now = steady_clock::now();
    if (now < look_again_)
        return;
    look_again_ = now + between_looks;
    const auto leader = campaign_.find_leader();
    is_leaderless_ = leader && !leader.value;
    leader_url_ = leader && leader.value ? leader.value->url : std::string{};
    // A key that an earlier life of this node has left: it would send clients to itself.
    if (leader && leader.value &&
        (leader.value->node == options_.node || leader_url_ == options_.advertise))
        leader_url_.clear();
    rights_.set_leader_url(leader_url_);
}

std::optional<won_term> follower::stand() {
    look_again_ = {};  // whatever comes of it
    is_leaderless_ = false;
    const auto mine = campaign_.stand();
    if (!mine || !mine.value) {
        if (!mine)
            warn("this node cannot stand for leader now", mine.reason);
        campaign_.withdraw();
        return std::nullopt;
    }
    log::info("this node has the leader's key of '{}'", options_.ledger);
    has_key_ = true;
    renew_at_ = {};
    try {
        if (auto won = begin_term())
            return won;
    } catch (...) {  // this node is not to lead
        has_key_ = false;
        campaign_.withdraw();
        throw;
    }
    has_key_ = false;
    campaign_.withdraw();
    return std::nullopt;
}

void follower::renew_key() {
    const auto now = steady_clock::now();
    if (now < renew_at_)
        return;
    campaign_.keep_alive();
    renew_at_ = now + std::chrono::seconds{1};
}

/// While the standby applies a batch: see standby::on_wait. Who has the key is not to be waited
/// for: this node's snapshot gives way at once.
bool follower::wait_for_a_cut() {
    if (is_to_stop())
        throw stopping::stopped{};
    if (has_key_)
        renew_key();
    return has_key_;
}

/// Appends the barrier after the last entry, as long as the key is this node's.
std::optional<won_term> follower::begin_term() {
    while (!is_to_stop()) {
        renew_key();
        const found what = read_on();
        if (what == found::more)
            continue;
        if (what == found::nothing) {
            rest(between_attempts);
            continue;
        }
        const auto term = campaign_.append_barrier(reader_.now());
        if (term && term.value)
            return term.value;
        if (term) {  // there are more entries, which a member that is behind may not show yet
            rest(between_attempts);
            continue;
        }
        if (term.error != store_error::unknown && term.error != store_error::unavailable) {
            log::warn("this node does not lead: {}", term.reason);
            return std::nullopt;
        }
        warn("the term cannot begin yet", term.reason);
        rest(between_attempts);
    }
    return std::nullopt;
}

void follower::catch_up(const std::string& why) {
    has_place_ = false;
    if (leader_url_.empty() || leader_url_ == options_.advertise)
        return rest(after_a_failure);
    const bool is_told = steady_clock::now() >= tell_again_;
    if (is_told)
        log::info("catching up from {}: {}", leader_url_, why);
    const auto set = [this](bool is_catching_up) {
        const std::lock_guard lock{mutex_};
        is_catching_up_ = is_catching_up;
        not_synced_.clear();
    };
    set(true);
    try {
        const other_node from{leader_url_, options_.token_file, options_.store.ca_file};
        static_cast<void>(copy_journal(
            from, standby_.at(),
            [this](const journal::batch_view& one) {
                do {
                    if (is_to_stop())
                        throw stopping::stopped{};
                } while (!standby_.take(one));
                rights_.set_applied({standby_.at().next_record - 1, rights_.applied().at_end});
            },
            patience_of_catch_up));
    } catch (const files_failed&) {
        throw;
    } catch (const journal::journal_error&) {
        throw;
    } catch (const std::runtime_error& failure) {
        if (is_told) {
            tell_again_ = steady_clock::now() + between_warnings;
            log::warn("cannot catch up yet: {}", failure.what());
        }
        rest(after_a_failure);
    }
    set(false);
}

}  // namespace coffer::replication
