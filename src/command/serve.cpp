#include "command/commands.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "command/banner.hpp"
#include "command/serve_options.hpp"
#include "engine/data_directory.hpp"
#include "engine/engine.hpp"
#include "engine/first_start.hpp"
#include "engine/key_horizon.hpp"
#include "engine/key_recovery.hpp"
#include "engine/opening.hpp"
#include "engine/recovery.hpp"
#include "engine/retention.hpp"
#include "http/server.hpp"
#include "journal/file_log.hpp"
#include "journal/posix_storage.hpp"
#include "ops/log.hpp"
#include "ops/signal_watch.hpp"
#include "ops/stopping.hpp"
#include "snapshot/snapshotter.hpp"

namespace coffer::command {
namespace {

/// What a server has on the disk. With --in-memory there is none.
class archive {
public:
    /// Throws std::runtime_error if the directory cannot be made, or is another server's.
    explicit archive(const serve_options& options)
        : options_{options}, directory_{options.data}, files_{directory_.journal()} {}

    /// Opens `engine` with what is there, or on a first start with the accounts asked for. Calls
    /// `at_last` just before that. Returns where they are from, for people.
    std::string open(coffer::engine& engine, const std::function<void()>& at_last) {
        const std::string begun = begin_or_warn();
        const durability_options& asked = options_.durability;
        key_recovery keys{engine.keys()};
        recovered found = recover(directory_, asked.key_time_to_live,
                                  [&keys](const journal::record& one,
                                          const journal::batch_stamp& of) { keys.add(one, of); });
        keys.finish(found.journal_end.running_ns);
        stopping::check();
        auto log = journal::file_log::open(files_, log_options());
        kept_.emplace(
            files_, *log, directory_.snapshots(),
            retention::options{.retain = asked.retain, .running_ns = [&clock = engine.clock()] {
                                   return clock.running_ns();
                               }});
        horizon_.emplace(found.keys_from, asked.key_time_to_live);
        stopping::check();  // the last chance to have changed nothing
        at_last();
        engine.open(std::move(found.ledger), std::move(log),
                    {.commit_wait = asked.commit_wait,
                     .disk_timeout = asked.disk_timeout,
                     .journal_end = found.journal_end,
                     .on_failure = &end_at_once});
        take_snapshots(engine, found);
        return begun.empty() ? found.from : begun;
    }

    /// Takes the last snapshot, if there were any. The server has stopped. If the disk does not
    /// answer, ends the process: the thread that waits for the disk cannot be ended.
    void end_snapshots() noexcept {
        const std::chrono::milliseconds patience = std::max<std::chrono::milliseconds>(
            options_.limits.drain_timeout, options_.durability.disk_timeout);
        if (!snapshotter_ || snapshotter_->stop_unless_stuck(patience))
            return;
        log::error("the disk does not answer: {}", last_snapshot_failed);
        log::flush();
        std::_Exit(EXIT_FAILURE);
    }

    /// The same, and says how it went. Throws std::runtime_error if it failed.
    void stop() {
        end_snapshots();
        log::info("stopped: {} snapshots taken, {} failed", snapshotter_->taken(),
                  snapshotter_->failed());
        if (!snapshotter_->last_was_taken())
            throw std::runtime_error{last_snapshot_failed};
    }

private:
    static constexpr const char* last_snapshot_failed =
        "the last snapshot failed: nothing is lost, the next start will read more of the journal";

    [[nodiscard]] journal::file_log::options log_options() const {
        return {.segment_bytes = std::max(options_.durability.segment_bytes,
                                          engine::least_segment_bytes(options_.threads)),
                .least_bytes = engine::tight_segment_bytes(options_.threads)};
    }

    /// A small first segment, for a quick first start: the others are made in the background.
    [[nodiscard]] journal::file_log::options first_log_options() const {
        journal::file_log::options first = log_options();
        first.segment_bytes =
            std::min(first.segment_bytes, engine::ample_segment_bytes(options_.threads));
        return first;
    }

    /// Where the accounts of a first start are from; empty if it is none.
    std::string begin_or_warn() {
        const std::string& accounts = options_.accounts;
        if (has_journal(directory_)) {
            if (!accounts.empty())
                log::warn("--accounts {} is not read: {} has accounts already", accounts,
                          directory_.path().string());
            return {};
        }
        if (accounts.empty()) {
            begin_journal(directory_, first_accounts::sample, first_log_options());
            return "the sample accounts";
        }
        if (accounts == "none") {
            begin_journal(directory_, first_accounts::none, first_log_options());
            return "none asked for";
        }
        begin_journal(directory_, std::filesystem::path{accounts}, log_options());
        return "from " + accounts;
    }

    // Whatever has not been acknowledged by now must not be, so nothing is done in order.
    [[noreturn]] static void end_at_once(const std::string& why) {
        log::error("the journal has failed, nothing more is acknowledged: {}", why);
        log::flush();
        std::_Exit(EXIT_FAILURE);
    }

    void take_snapshots(coffer::engine& engine, const recovered& found) {
        journal::writer& journal = *engine.journal();
        snapshotter_.emplace(
            engine.ledger(), snapshot::snapshot_directory{directory_.snapshots()},
            snapshot::snapshotter::options{
                std::chrono::ceil<std::chrono::milliseconds>(options_.snapshot_every),
                options_.snapshot_keep, found.covered_record},
            snapshot::journal_marks{
                .ledger = found.journal_id,
                .durable_record = [&journal] { return journal.durable_record(); },
                .keys_from =
                    [this, &keys = engine.keys()](std::uint64_t durable_record) {
                        return horizon_->keys_from(durable_record, keys.living());
                    },
                .barrier = [&journal] { return journal.barrier(); },
                .on_attempt =
                    [this, &clock = engine.clock()] {
                        // So that a clock that jumps is noticed while nobody posts.
                        static_cast<void>(clock.stamp());
                        // Even if it failed: on a full disk that is what makes room again.
                        kept_->trim();
                    },
                .time_ns = [&clock = engine.clock()] { return clock.stamp().time_ns; }});
    }

    const serve_options& options_;
    data_directory directory_;
    journal::posix_storage files_;
    std::optional<retention> kept_;
    std::optional<key_horizon> horizon_;
    std::optional<snapshot::snapshotter> snapshotter_;
};

/// Opens with accounts that nothing keeps, and calls `at_last` just before that. Returns where they
/// are from, for people.
std::string open_in_memory(coffer::engine& engine, const std::string& accounts,
                           const std::function<void()>& at_last) {
    std::string from = "the sample accounts";
    std::unique_ptr<coffer::ledger> ledger;
    if (accounts == "none") {
        from = "none asked for";
        ledger = open_empty();
    } else if (!accounts.empty()) {
        from = "from " + accounts;
        ledger = open_from_file(accounts);
    } else {
        ledger = open_sample();
    }
    stopping::check();
    at_last();
    engine.open(std::move(ledger));
    return from;
}

/// How many file descriptors there may be, after raising that: the usual soft limit of 1024 is
/// there for select(2) alone.
std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

/// The limits asked for, with as many connections as there are file descriptors for.
http::limits fit(const serve_options& options, std::size_t descriptors) {
    constexpr std::size_t descriptors_a_worker = 8;  // its sockets, event loop and timer
    constexpr std::size_t descriptors_beside = 32;   // files, the log, signals
    return http::fit_to_descriptors(options.limits, descriptors,
                                    descriptors_a_worker * options.threads + descriptors_beside);
}

using steady = std::chrono::steady_clock;

/// Ends the journal in order. If the disk does not answer by then, ends the process: the thread
/// that waits for the disk cannot be ended.
void end_journal(coffer::engine& engine, steady::time_point deadline) noexcept {
    if (engine.close_by(deadline)) {
        engine.close();
        return;
    }
    log::error("the disk does not answer or has no room: ending without what was not acknowledged");
    log::flush();
    std::_Exit(EXIT_FAILURE);
}

/// Whatever goes wrong: nobody posts any more when the journal ends, and it has ended when the last
/// snapshot is taken, so that a disk that does not answer is found out first.
class ending {
public:
    ending(signal_watch& signals, http::server& server, std::optional<archive>& disk,
           coffer::engine& engine, std::chrono::seconds patience) noexcept
        : signals_{signals}, server_{server}, disk_{disk}, engine_{engine}, patience_{patience} {}
    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;
    ~ending() {
        signals_.withdraw_orders();
        server_.stop();
        end_journal(engine_, steady::now() + patience_);
        if (disk_)
            disk_->end_snapshots();
    }

private:
    signal_watch& signals_;
    http::server& server_;
    std::optional<archive>& disk_;
    engine& engine_;
    const std::chrono::seconds patience_;
};

void serve_until_stopped(const serve_options& options, signal_watch& signals) {
    const http::limits limits = fit(options, raise_descriptor_limit());
    std::optional<archive> disk;
    if (!options.in_memory)
        disk.emplace(options);
    coffer::engine engine{
        {.tellers = options.threads,
         .keys = {options.durability.max_keys, options.durability.key_time_to_live},
         .clock = {.max_step = options.durability.max_clock_step,
                   .accept_clock = options.durability.accept_clock}}};
    http::server server{engine, options.listen, options.threads, limits};
    const ending at_the_end{signals, server, disk, engine, limits.drain_timeout};
    server.start();
    const http::listen_address where = server.address();  // while it listens
    const auto take_orders = [&] {
        signals.give(
            {limits.drain_grace, [&engine] { engine.retire(); }, [&server] { server.drain(); }});
    };
    const std::string from = disk ? disk->open(engine, take_orders)
                                  : open_in_memory(engine, options.accounts, take_orders);
    print_banner({options, limits, where, engine.ledger().size(), from});
    server.wait();
    end_journal(engine, server.end_by());
    if (disk)
        disk->stop();
}

}  // namespace

void serve(const serve_options& options) {
    std::signal(SIGPIPE, SIG_IGN);  // a log or banner that nobody reads is no reason to end
    log::start();
    signal_watch signals;
    try {
        serve_until_stopped(options, signals);
    } catch (const stopping::stopped& early) {
        log::info("{}", early.what());
    }
}

}  // namespace coffer::command
