#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "audit/continuous_audit.hpp"
#include "audit/reading_limit.hpp"
#include "command/banner.hpp"
#include "command/commands.hpp"
#include "command/serve_options.hpp"
#include "engine/data_directory.hpp"
#include "engine/durable_ledger.hpp"
#include "engine/engine.hpp"
#include "engine/hold_clerk.hpp"
#include "engine/initial_accounts.hpp"
#include "http/server.hpp"
#include "journal/history.hpp"
#include "ops/log.hpp"
#include "ops/reloader.hpp"
#include "ops/service_manager.hpp"
#include "ops/signal_watch.hpp"
#include "ops/stopping.hpp"

namespace coffer::command {
namespace {

constexpr const char* last_snapshot_failed =
    "the last snapshot failed: nothing is lost, the next start will read more of the journal";

/// Ends the process without anything in order: nothing that was not acknowledged by now may be.
[[noreturn]] void end_at_once(std::string_view why) {
    log::error("{}", why);
    log::flush();
    std::_Exit(EXIT_FAILURE);
}

/// Ends the process when all is done but for the audit, which only reads, and only when no other
/// thread of the machine needs the processor.
[[noreturn]] void end_without_audit(bool all_is_kept) {
    log::warn("the audit has not ended in time: ending without it");
    log::flush();
    std::_Exit(all_is_kept ? EXIT_SUCCESS : EXIT_FAILURE);
}

/// A data directory, which is locked, and the store of the journal in it. It must outlive the
/// engine: the journal's log has threads that use both until the engine is destroyed.
struct data_on_disk {
    /// Throws std::runtime_error if the directory cannot be made, or is another server's.
    explicit data_on_disk(const serve_options& options)
        : directory{options.data},
          store{directory.journal_store(options.durability.segment_bytes, options.threads)} {
        const bool is_file = !options.accounts.empty() && options.accounts != "none";
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
                           .durable_record =
                               [&journal = *engine_.journal()] { return journal.durable_record(); },
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

/// Returns how many file descriptors there may be, after raising that: the usual soft limit of 1024
/// is there for select(2) alone.
std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

/// The limits asked for, with as many connections as there are file descriptors for.
http::limits fit(const serve_options& options, std::size_t descriptors) {
    // Its listening sockets, event loop and timer.
    const std::size_t descriptors_a_worker = 7 + options.listen.size();
    // Files, the log, signals.
    constexpr std::size_t descriptors_beside = 32 + journal::history::most_open_files;
    return http::fit_to_descriptors(options.limits, descriptors,
                                    descriptors_a_worker * options.threads + descriptors_beside);
}

/// Loads the certificate now and whenever its files change. Throws std::runtime_error.
void read_certificate(const serve_options& options, http::server& server, reloader& files) {
    if (!options.listen.has_tls())
        return;
    const auto read = [&options, &server] {
        server.use(std::make_shared<const http::tls_context>(options.tls));
    };
    files.add("certificate", options.tls.all(), read);  // first: no change is missed
    read();
}

/// Sets who may send requests, and has the tokens read again when their file changes.
void give_access(const access_options& options, api::access_rules& rules, reloader& files) {
    rules.names = options.names;
    rules.rate = options.rate;
    if (options.tokens.empty())
        return;
    const auto read = [file = options.tokens, &rules] { rules.tokens.publish(read_tokens(file)); };
    files.add("tokens", {options.tokens}, read);  // first: no change is missed
    read();
}

/// Retries without a token do not find the keys of names.
void warn_of_keys_of_names(const serve_options& options, engine& of) {
    const std::size_t names = of.keys().owners().names();
    if (options.access.tokens.empty() && names != 0)
        log::warn(
            "without --tokens, what was sent with the tokens of {} names and is sent again is done "
            "again, though its idempotency keys have not expired",
            names);
}

void serve_until_stopped(const serve_options& options, signal_watch& signals) {
    const http::limits limits = fit(options, raise_descriptor_limit());
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
    http::server server{engine, options.listen, options.threads, limits};
    reloader files;
    read_certificate(options, server, files);
    give_access(options.access, server.access(), files);
    hold_clerk clerk{engine};
    const orderly_end at_the_end{signals, server, clerk, disk, limits.drain_timeout};
    server.start();
    files.start();
    signals.reload_with([&files] { return files.reload(); });
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
        serve_until_stopped(options, signals);
    } catch (const stopping::stopped& early) {
        log::info("{}", early.what());
    }
}

}  // namespace coffer::command
