#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "audit/continuous_audit.hpp"
#include "audit/reading_limit.hpp"
#include "command/banner.hpp"
#include "command/commands.hpp"
#include "command/replicated_serve.hpp"
#include "command/serve_options.hpp"
#include "command/serving.hpp"
#include "engine/data_directory.hpp"
#include "engine/durable_ledger.hpp"
#include "engine/engine.hpp"
#include "engine/hold_clerk.hpp"
#include "engine/initial_accounts.hpp"
#include "http/server.hpp"
#include "ops/log.hpp"
#include "ops/service_manager.hpp"
#include "ops/signal_watch.hpp"
#include "ops/stopping.hpp"
#include "replication/node_identity.hpp"

namespace coffer::command {
namespace {

/// A data directory, which is locked, and the store of the journal in it. It must outlive the
/// engine: the journal's log has threads that use both until the engine is destroyed.
struct data_on_disk {
    /// Throws std::runtime_error if the directory cannot be made, or is another server's.
    explicit data_on_disk(const serve_options& options)
        : directory{options.data},
          store{directory.journal_store(options.durability.segment_bytes, options.threads)} {
        const bool is_file = !options.accounts.empty() && options.accounts != "none";
        replication::require_no_copy_of_ledger(directory.path());
        if (is_file && store->has_log())
            log::warn("--accounts {} is not read: {} has accounts already", options.accounts,
                      directory.path().string());
    }

    data_directory directory;
    std::unique_ptr<journal::log_store> store;
};

/// The ledger in a data directory, and its end.
class ledger_on_disk {
public:
    ledger_on_disk(const serve_options& options, data_on_disk& data, engine& into)
        : engine_{into},
          snapshots_{data.directory.snapshots()},
          is_audited_{!options.no_audit},
          ledger_{into, *data.store, snapshots_, ledger_options(options)},
          patience_{std::max<std::chrono::milliseconds>(options.limits.drain_timeout,
                                                        options.durability.disk_timeout)} {
        if (is_audited_ && options.snapshot_every.count() == 0)
            log::info("audit: nothing is compared while no snapshot is taken: --snapshot-every 0");
    }

    std::string open(const std::function<void()>& before_open) {
        std::string from = ledger_.open(before_open);
        if (is_audited_)
            begin_audit();
        return from;
    }

    /// Ends the journal and takes the last snapshot. Ends the process if the disk does not answer:
    /// the thread that waits for the disk cannot be ended.
    void close_by(std::chrono::steady_clock::time_point deadline) noexcept {
        using ending = durable_ledger::ending;
        if (audit_)
            audit_->begin_to_stop();
        const ending found = ledger_.close_by(deadline, patience_);
        if (found == ending::journal_failed)
            end_at_once("the journal has failed: ending without what was not acknowledged");
        if (found == ending::journal_hangs)
            end_at_once(
                "the disk does not answer or has no room: ending without what was not "
                "acknowledged");
        if (found == ending::snapshot_hangs)
            end_at_once(std::string{"the disk does not answer: "} + last_snapshot_failed);
        if (found == ending::history_hangs)
            end_at_once("the disk does not answer: the journal's history is still being read");
        if (audit_ && !audit_->stop_by(deadline))
            end_without_audit(ledger_.checkpoints().last_was_taken());
    }

    /// Logs how the snapshots went. Throws std::runtime_error if the last one failed.
    void report() const {
        const checkpointing& taken = ledger_.checkpoints();
        log::info("stopped: {} snapshots taken, {} failed", taken.taken(), taken.failed());
        if (!taken.last_was_taken())
            throw std::runtime_error{last_snapshot_failed};
    }

private:
    void begin_audit() {
        audit_.emplace(audit::continuous_audit::options{
                           .log = *engine_.log(),
                           .snapshots = snapshots_,
                           .durable_record = [&in = engine_] { return in.durable_record(); },
                           .time_ns = [&clock = engine_.clock()] { return clock.record_ns(); }},
                       limit_, engine_.signs());
    }

    [[nodiscard]] durable_ledger::options ledger_options(const serve_options& options) {
        snapshot_follower follower;
        if (is_audited_)
            follower = {.cover = [this](std::uint64_t record) { return limit_.cover(record); },
                        .on_end = [this] { limit_.end(); }};
        return {
            .accounts = initial_accounts::named(options.accounts),
            .checkpoints = {std::chrono::ceil<std::chrono::milliseconds>(options.snapshot_every),
                            options.snapshot_keep, options.durability.retain, follower},
            .commit_wait = options.durability.commit_wait,
            .disk_timeout = options.durability.disk_timeout,
            .on_failure = [](const std::string& why) {
                end_at_once("the journal has failed, nothing more is acknowledged: " + why);
            }};
    }

    engine& engine_;
    const std::filesystem::path snapshots_;
    const bool is_audited_;
    audit::reading_limit limit_;
    durable_ledger ledger_;
    std::optional<audit::continuous_audit> audit_;
    std::chrono::milliseconds patience_;
};

/// Opens with accounts that no journal keeps. Returns where they come from, for people.
std::string open_in_memory(engine& into, const std::string& option,
                           const std::function<void()>& before_open) {
    const initial_accounts accounts = initial_accounts::named(option);
    std::unique_ptr<ledger> opened = accounts.open_in_memory();
    stopping::check();
    before_open();
    into.open(std::move(opened));
    return accounts.origin();
}

/// Ends the server, the clerk and then the data on disk, also after an exception: no thread posts
/// when the journal ends.
class orderly_end {
public:
    orderly_end(signal_watch& signals, http::server& server, hold_clerk& clerk,
                std::optional<ledger_on_disk>& disk, std::chrono::seconds patience) noexcept
        : signals_{signals}, server_{server}, clerk_{clerk}, disk_{disk}, patience_{patience} {}
    orderly_end(const orderly_end&) = delete;
    orderly_end& operator=(const orderly_end&) = delete;
    ~orderly_end() {
        signals_.withdraw_orders();
        server_.stop();
        clerk_.stop();
        if (disk_)
            disk_->close_by(std::chrono::steady_clock::now() + patience_);
    }

private:
    signal_watch& signals_;
    http::server& server_;
    hold_clerk& clerk_;
    std::optional<ledger_on_disk>& disk_;
    const std::chrono::seconds patience_;
};

void serve_until_stopped(const serve_options& options, signal_watch& signals) {
    const http::limits limits = fitted_limits(options);
    const durability_options& asked = options.durability;
    std::optional<data_on_disk> data;
    if (!options.in_memory)
        data.emplace(options);
    coffer::engine engine{
        {.tellers = options.threads,
         .keys = {asked.max_keys, asked.key_time_to_live, asked.max_keys_per_token},
         .clock = {.max_step = asked.max_clock_step, .accept_clock = asked.accept_clock}}};
    std::optional<ledger_on_disk> disk;
    if (data)
        disk.emplace(options, *data, engine);
    http_front front{engine, options, options.listen, limits};
    http::server& server = front.server();
    hold_clerk clerk{engine};
    const orderly_end at_the_end{signals, server, clerk, disk, limits.drain_timeout};
    front.start();
    signals.reload_with([&front] { return front.reload(); });
    const auto take_orders = [&] {
        signals.give({limits.drain_grace, [&engine] { engine.retire(); },
                      [&server] {
                          tell_service_manager("STOPPING=1");
                          server.drain();
                      }});
    };
    const std::string from =
        disk ? disk->open(take_orders) : open_in_memory(engine, options.accounts, take_orders);
    warn_of_keys_of_names(options, engine);
    clerk.start();
    print_banner({options, limits, server.addresses(), engine.ledger().size(), from});
    tell_service_manager("READY=1");
    server.wait();
    clerk.stop();
    if (disk) {
        disk->close_by(server.end_by());
        disk->report();
    }
}

}  // namespace

void serve(const serve_options& options) {
    std::signal(SIGPIPE, SIG_IGN);  // a log or banner that nobody reads is no reason to end
    log::start(options.log);
    signal_watch signals;
    try {
        if (options.replication.is_replicated())
            serve_replicated(options, signals);
        else
            serve_until_stopped(options, signals);
    } catch (const stopping::stopped& early) {
        log::info("{}", early.what());
    }
}

}  // namespace coffer::command
