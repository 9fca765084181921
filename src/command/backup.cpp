#include "command/commands.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "audit/data_copy.hpp"
#include "command/output.hpp"
#include "ops/log.hpp"
#include "ops/stopping.hpp"

namespace coffer::command {
namespace {

struct copy_options {
    std::string from;
    std::string to;
    bool json = false;
    bool force = false;
};

struct argument {
    const char* name;
    const char* description;
};

std::shared_ptr<copy_options> add_options(CLI::App& parser, const argument& from,
                                          const argument& to) {
    auto chosen = std::make_shared<copy_options>();
    parser.add_option(from.name, chosen->from, from.description)->type_name("")->required();
    parser.add_option(to.name, chosen->to, to.description)->type_name("")->required();
    parser.add_flag("--json", chosen->json, "Print the result of its audit as one JSON object");
    parser.add_flag("--force", chosen->force,
                    "Replace what an unfinished copy has left in the same place");
    return chosen;
}

int report_copy(const copy_options& chosen, const audit::finished_copy& made, const char* done) {
    for (const std::string& one : made.left_out)
        std::fprintf(stderr, "coffer: left out: %s\n", one.c_str());
    output out;
    if (chosen.json)
        out.write(to_json(made.audited));
    else
        out.write(to_text(made.audited) + done + ' ' + made.audited.directory + '\n');
    out.finish();
    return EXIT_SUCCESS;
}

constexpr std::int64_t one_interruption_ns = 1'000'000'000;  // signals within this count as one

std::atomic<int> received{0};
std::atomic<std::int64_t> received_ns{0};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);  // as a signal handler needs it

/// Ends the process by the signal, as if it had no handler.
void end_by(int signal) {
    if (::getpid() == 1)  // signals have no default effect there
        ::_exit(128 + signal);
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // in a handler: takes effect when the handler returns
}

// The first signal makes the copy stop at its next check, which a hanging disk may delay without
// end: so a second signal ends the process.
extern "C" void on_signal(int signal) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t now_ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    std::int64_t first_ns = 0;
    // Relaxed: no other data depends on it. If this fails, first_ns is the time of the first
    // signal.
    if (received_ns.compare_exchange_strong(first_ns, now_ns, std::memory_order_relaxed,
                                            std::memory_order_relaxed)) {
        received.store(signal, std::memory_order_relaxed);
        stopping::request();
    } else if (now_ns - first_ns >= one_interruption_ns) {
        end_by(signal);
    }
}

/// Makes these signals stop a copy, except those that the process was started to ignore (nohup).
void take_signals() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(signal, nullptr, &before);
        if (before.sa_handler != SIG_IGN)
            std::signal(signal, on_signal);
    }
}

template <class Copy>
int run(const copy_options& chosen, Copy&& copy, const char* done) {
    log::start();
    take_signals();
    try {
        return report_copy(chosen,
                           copy(chosen.from, chosen.to,
                                chosen.force ? audit::leftover::replace : audit::leftover::refuse,
                                audit::patient_reader::five_milliseconds),
                           done);
    } catch (const stopping::stopped&) {
        log::end_with("coffer: interrupted: the copy is not made\n");
        end_by(received.load(std::memory_order_relaxed));
        return EXIT_FAILURE;  // not reached
    }
}

}  // namespace

subcommand add_backup(CLI::App& app) {
    CLI::App* const parser = app.add_subcommand(
        "backup", "Copy a data directory as it is now; a server may be running on it");
    const auto chosen = add_options(*parser, {"DIR", "The data directory"},
                                    {"DEST", "The copy; must not exist, or be an empty directory"});
    return {parser, [chosen] { return run(*chosen, audit::back_up, "backed up to"); }};
}

subcommand add_restore(CLI::App& app) {
    CLI::App* const parser =
        app.add_subcommand("restore", "Make a data directory from a backup; overwrites no ledger");
    const auto chosen =
        add_options(*parser, {"BACKUP", "The backup"},
                    {"DIR", "The data directory; must not exist, or be an empty directory"});
    return {parser, [chosen] { return run(*chosen, audit::restore, "restored to"); }};
}

}  // namespace coffer::command
