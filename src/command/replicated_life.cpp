#include "command/replicated_life.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "engine/initial_accounts.hpp"
#include "ops/log.hpp"
#include "ops/utc_time.hpp"
#include "replication/first_accounts.hpp"
#include "replication/log_keys.hpp"

namespace coffer::command {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds for_open_requests{1};  // at a change of role
constexpr milliseconds for_a_hand_over{700};
constexpr milliseconds between_looks{10};
constexpr const char* no_answer =
    "etcd or the disk does not answer: ending without what was not acknowledged";
constexpr const char* disk_hangs = "the disk has not answered within --disk-timeout";
constexpr milliseconds for_a_front{2000};  // a file is being replaced, or the port is taken
constexpr milliseconds between_fronts{100};

}  // namespace

replicated_life::replicated_life(const surroundings& around)
    : around_{around},
      files_{around.directory.journal_store(around.options.durability.segment_bytes,
                                            around.options.threads)},
      engine_{
          {.tellers = around.options.threads,
           .keys = {around.options.durability.max_keys, around.options.durability.key_time_to_live,
                    around.options.durability.max_keys_per_token},
           .clock = {.max_step = around.options.durability.max_clock_step,
                     .accept_clock = around.options.durability.accept_clock},
           .rights = &around.rights}},
      clerk_{engine_} {
    around_.rights.become(node_role::standby);
}

// After an exception alone there is anything left to end.
replicated_life::~replicated_life() {
    if (!is_closed_ && standby_)
        close(false);
}

milliseconds replicated_life::patience() const {
    return std::max<milliseconds>(around_.options.limits.drain_timeout,
                                  around_.options.durability.disk_timeout);
}

void replicated_life::begin_front(milliseconds patience) {
    const auto until = steady_clock::now() + patience;
    for (;;) {
        try {
            const std::lock_guard lock{front_guard_};
            front_.emplace(engine_, around_.options, around_.addresses, around_.limits);
            return;
        } catch (const std::exception&) {
            if (steady_clock::now() >= until || around_.is_stopping)
                throw;
        }
        std::this_thread::sleep_for(between_fronts);
    }
}

void replicated_life::end_front(seconds within) {
    if (!front_)
        return;
    front_->server().drain_within(within);
    front_->server().wait();
    const std::lock_guard lock{front_guard_};
    front_.reset();
}

bool replicated_life::reload() noexcept {
    const std::lock_guard lock{front_guard_};
    return !front_ || front_->reload();
}

void replicated_life::listen(milliseconds patience) {
    begin_front(patience);
    front_->start();
}

std::string replicated_life::open() {
    const serve_options& options = around_.options;
    snapshot_follower follower;
    if (!options.no_audit)
        follower = {.cover = [this](std::uint64_t record) { return limit_.cover(record); },
                    .on_end = [this] { limit_.end(); }};
    standby_.emplace(
        engine_, files_, around_.directory.snapshots(),
        replication::standby::options{
            .checkpoints = {std::chrono::ceil<milliseconds>(options.snapshot_every),
                            options.snapshot_keep, options.durability.retain, follower},
            .disk_timeout = options.durability.disk_timeout,
            .on_hang = [] {
                end_at_once(std::string{"this node's journal has failed: "} + disk_hangs);
            }});
    return standby_->open();
}

replication::node_report replicated_life::report(const replication::node_identity& of) const {
    replication::node_report now = follower_->report();
    if (log_ != nullptr) {
        const auto reached = log_->reached();
        now.applied_record = reached.after.next_record - 1;
        now.synced_record = log_->synced_record();
        if (now.synced_record >= now.applied_record)
            now.synced_entry = reached.number;
    }
    now.url = around_.options.replication.advertise;
    now.incarnation = of.incarnation;
    now.reported_ns = static_cast<std::uint64_t>(
        std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count());
    return now;
}

void replicated_life::keep_house(const replication::node_identity& of, std::uint64_t term) {
    housekeeping_.emplace(replication::housekeeping::subject{
        .store = around_.store,
        .care = around_.care,
        .keys = replication::log_keys{around_.options.replication.ledger},
        .options = around_.options.replication,
        .rights = around_.rights,
        .signs = engine_.signs(),
        .report = [this, of] { return report(of); },
        .leading = log_,
        .term = term});
}

replicated_life::end replicated_life::serve(const replication::node_identity& identity) {
    try {
        follower_.emplace(around_.store, around_.options.replication, identity.id, *standby_,
                          around_.rights);
        follower_->stand_not_before(around_.stand_not_before);
        keep_house(identity, 0);
        warn_of_keys_of_names(around_.options, engine_);
        const auto term = follower_->run([this] { return around_.is_stopping.load(); });
        if (!term) {
            end_front(around_.limits.drain_timeout);
            close(true);
            return end::stopped;
        }
        return lead(identity, *term);
    } catch (const replication::files_failed& failure) {
        end_at_once(std::string{"this node's journal has failed: "} + failure.what());
    }
}

replicated_life::end replicated_life::lead(const replication::node_identity& of,
                                           const replication::won_term& term) {
    why reason = why::term_is_over;
    bool has_led = false;
    try {
        has_led = begin_to_lead(term);
    } catch (...) {
        leading_.reset();
        follower_->won().withdraw();  // another node need not wait
        throw;
    }
    if (has_led) {
        keep_house(of, term.number);
        reason = wait_for_an_end();
    }
    if (reason == why::term_is_over)
        be_deposed();
    else
        hand_over(reason);
    if (reason == why::stopped)
        return end::stopped;
    if (!has_led || log_->is_refused())
        return end::gave_up;
    return reason == why::term_is_over ? end::deposed : end::stepped_down;
}

/// Opens the accounts of a first start, if that is not done. False if the term has ended.
bool replicated_life::open_accounts(replication::replicated_log& log,
                                    const replication::won_term& term, journal::batch_stamp& last) {
    if (!term.barrier.is_opening)
        return true;
    try {
        last = replication::open_first_accounts(
            log, engine_, initial_accounts::named(around_.options.accounts), last,
            [this] { return !leading_->has_ended() && !around_.is_stopping; });
    } catch (const journal::journal_error& failure) {
        log::warn("{}", failure.what());
        return false;
    }
    return true;
}

/// False if the term has ended before it leads, or the node cannot lead.
bool replicated_life::begin_to_lead(const replication::won_term& term) {
    const serve_options& options = around_.options;
    const replication::replication_options& replicated = options.replication;
    // Until leading_ does it: what follows waits for etcd and for the disk.
    const replication::repeated_call renewal =
        replication::renew_lease(around_.store, term, replicated.request_timeout);
    housekeeping_.reset();
    end_front(for_open_requests);
    journal::batch_stamp last = standby_->end();
    own_log_ = std::make_unique<replication::replicated_log>(
        around_.store, replication::log_keys{replicated.ledger}, *files_.log, around_.rights,
        replication::replicated_log::settings{
            .node = replicated.node,
            .term = term,
            .read_lease = replicated.read_lease,
            .within = replicated.request_timeout,
            .disk_timeout = options.durability.disk_timeout,
            .on_hang = [this, term] { end_hanging(term); },
            .least_room_bytes = journal::writer::least_room_bytes(engine_.tellers().size())});
    around_.rights.become(node_role::leader);
    around_.rights.set_leader_url(replicated.advertise);
    log_ = own_log_.get();
    leading_.emplace(around_.store, *log_, follower_->won(), term, replicated);
    if (!open_accounts(*log_, term, last))
        return false;
    try {
        begin_front(for_a_front);
    } catch (const std::exception& failure) {
        log::error("this node cannot lead: {}", failure.what());
        return false;
    }
    engine_.lead(std::move(own_log_), {.commit_wait = options.durability.commit_wait,
                                       .disk_timeout = options.durability.disk_timeout,
                                       .journal_end = last,
                                       .read_barrier = replicated.read_barrier,
                                       .on_failure = [this](const std::string& reason) {
                                           const std::lock_guard lock{why_guard_};
                                           why_failed_ = reason;
                                           has_failed_ = true;
                                       }});
    clerk_.start();
    if (!options.no_audit)
        begin_audit();
    front_->start();
    log::info("this node leads '{}' in term {}, after record {}", replicated.ledger, term.number,
              log_->reached().after.next_record - 1);
    return true;
}

void replicated_life::begin_audit() {
    audit_.emplace(audit::continuous_audit::options{
                       .log = *engine_.log(),
                       .snapshots = around_.directory.snapshots(),
                       .durable_record = [this] { return engine_.durable_record(); },
                       .time_ns = [&clock = engine_.clock()] { return clock.record_ns(); }},
                   limit_, engine_.signs());
}

replicated_life::why replicated_life::wait_for_an_end() {
    for (;;) {
        if (has_failed_ || leading_->has_ended())
            return why::term_is_over;
        if (around_.is_stopping)
            return why::stopped;
        if (around_.rights.is_asked_to_step_down())
            return why::asked_to_step_down;
        std::this_thread::sleep_for(between_looks);
    }
}

/// As be_deposed does with a disk that has failed. By a thread of the log's: the others may be the
/// ones that cannot go on.
void replicated_life::end_hanging(const replication::won_term& term) {
    around_.rights.stop_answering();
    try {
        static_cast<void>(
            around_.store.revoke_lease(term.lease, around_.options.replication.request_timeout));
    } catch (const std::exception&) {
        // No memory: the lease expires.
    }
    end_at_once(std::string{"the journal has failed, nothing more is acknowledged: "} + disk_hangs);
}

/// Another node may lead already: what is in memory and not in the log is not kept.
void replicated_life::be_deposed() {
    if (log_->has_failed_here()) {
        around_.rights.stop_answering();
        follower_->won().withdraw();  // so that another node need not wait for its end
        const std::lock_guard lock{why_guard_};
        end_at_once("the journal has failed, nothing more is acknowledged: " + why_failed_);
    }
    around_.rights.become(node_role::standby);
    around_.rights.set_leader_url({});
    log::warn("this node leads '{}' no more: another one may", around_.options.replication.ledger);
    leading_->end();
    end_front(seconds{0});
    follower_->won().withdraw();  // if the key is still this node's, another need not wait
    close(false);
}

/// Ends what is in flight, and tells the others that they need not wait.
void replicated_life::hand_over(why reason) {
    const bool is_stopping = reason == why::stopped;
    end_front(is_stopping ? around_.limits.drain_timeout : for_open_requests);
    clerk_.stop();
    if (!leading_->hand_over(engine_, steady_clock::now() + patience(), for_a_hand_over))
        end_at_once(no_answer);
    around_.rights.become(node_role::standby);
    const std::string& ledger = around_.options.replication.ledger;
    if (leading_->is_released())
        log::info("this node has handed '{}' over", ledger);
    else
        log::warn("this node leads '{}' no more, and etcd has not confirmed a hand-over", ledger);
    close(is_stopping);
}

/// Ends all threads that use the engine, the last first.
void replicated_life::close(bool takes_snapshot) {
    is_closed_ = true;
    housekeeping_.reset();
    leading_.reset();
    clerk_.stop();
    if (audit_)
        audit_->begin_to_stop();
    end_front(seconds{0});
    const auto deadline = steady_clock::now() + patience();
    if (!engine_.close_by(deadline))
        end_at_once(no_answer);
    checkpointing* const taken = standby_->is_open() ? &standby_->checkpoints() : nullptr;
    if (taken != nullptr) {
        if (!takes_snapshot)
            taken->abandon();
        if (!taken->stop_unless_stuck(patience()))
            end_at_once(std::string{"the disk does not answer: "} + last_snapshot_failed);
    }
    if (!engine_.end_history_by(deadline))
        end_at_once("the disk does not answer: the journal's history is still being read");
    if (audit_ && !audit_->stop_by(deadline))
        end_without_audit(takes_snapshot);
    if (takes_snapshot && taken != nullptr)
        log::info("stopped: {} snapshots taken, {} failed", taken->taken(), taken->failed());
}

}  // namespace coffer::command
