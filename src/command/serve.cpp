#include "command/serve.hpp"

#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "engine/data_directory.hpp"
#include "engine/opening.hpp"
#include "http/server.hpp"
#include "ops/log.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshotter.hpp"

namespace coffer::command {
namespace {

/// What a server has on the disk. With --in-memory there is none.
struct storage {
    explicit storage(const std::filesystem::path& data)
        : directory{data}, snapshots{directory.snapshots()} {}

    data_directory directory;
    snapshot::snapshot_directory snapshots;
};

struct opened {
    std::unique_ptr<engine> books;
    std::string from;  ///< where the accounts are from, for the banner
};

opened open_accounts(const serve_options& options,
                     const std::optional<std::filesystem::path>& latest) {
    if (!options.accounts.empty() && latest)
        log::warn("--accounts goes before {}, which is not read", latest->string());
    if (options.accounts == "none")
        return {open_empty(), "none asked for"};
    if (!options.accounts.empty())
        return {open_from_file(options.accounts), "from " + options.accounts};
    if (latest)
        return {open_from_file(*latest), "from " + latest->string()};
    return {open_sample(), "the sample accounts"};
}

std::string snapshots_text(const serve_options& options) {
    const std::string when = options.snapshot_every.count() == 0
                                 ? "when the server stops"
                                 : "every " + to_string(options.snapshot_every);
    return "a snapshot " + when + ", the newest " + std::to_string(options.snapshot_keep) + " kept";
}

void print_banner(const serve_options& options, const http::limits& limits,
                  const http::listen_address& where, const opened& accounts) {
    const std::string data = options.in_memory
                                 ? "none, in memory"
                                 : options.data.string() + ", " + snapshots_text(options);
    const char* const durability =
        options.in_memory ? "none: everything is lost when the server stops"
                          : "none: postings since the last snapshot are lost in a crash";
    std::printf("coffer %s listens on http://%s\n", COFFER_VERSION, http::to_string(where).c_str());
    std::printf("  threads     %zu\n", options.threads);
    std::printf("  accounts    %zu, %s\n", accounts.books->books().size(), accounts.from.c_str());
    std::printf("  data        %s\n", data.c_str());
    std::printf("  durability  %s\n", durability);
    if (limits.connections != options.limits.connections)
        std::printf("  connections %zu at most: the limit of open files allows no more\n",
                    limits.connections);
    std::fflush(stdout);
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

/// For snapshots of a ledger whose postings are in no journal.
snapshot::journal_marks marks_of_no_journal() {
    const auto no_record = [] { return std::uint64_t{0}; };
    return {{}, no_record, no_record, {}};
}

void stop(snapshot::snapshotter& snapshotter) {
    snapshotter.stop();
    log::info("stopped: {} snapshots taken, {} failed", snapshotter.taken(), snapshotter.failed());
    if (!snapshotter.last_was_taken())
        throw std::runtime_error{
            "the last snapshot failed: the postings since the one before it "
            "are lost"};
}

}  // namespace

void serve(const serve_options& options) {
    std::signal(SIGPIPE, SIG_IGN);  // a log or banner that nobody reads is no reason to end
    log::start();
    const http::limits limits = fit(options, raise_descriptor_limit());
    std::optional<storage> disk;
    if (!options.in_memory)
        disk.emplace(options.data);
    const opened accounts = open_accounts(options, disk ? disk->snapshots.latest() : std::nullopt);
    http::server server{*accounts.books, options.listen, options.threads, limits};
    std::optional<snapshot::snapshotter> snapshotter;
    if (disk)
        snapshotter.emplace(
            accounts.books->books(), std::move(disk->snapshots),
            snapshot::snapshotter::options{options.snapshot_every, options.snapshot_keep},
            marks_of_no_journal());
    print_banner(options, limits, server.address(), accounts);
    server.run();
    if (snapshotter)
        stop(*snapshotter);
}

}  // namespace coffer::command
