#include "command/serve.hpp"

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "engine/opening.hpp"
#include "http/server.hpp"
#include "ops/log.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshotter.hpp"

namespace coffer::command {
namespace {

struct opened {
    std::unique_ptr<engine> books;
    std::string from;  ///< where the accounts are from, for the banner
};

opened open_accounts(const serve_options& options, const snapshot::snapshot_directory& snapshots) {
    if (options.accounts == "none")
        return {open_empty(), "none asked for"};
    if (!options.accounts.empty())
        return {open_from_file(options.accounts), "from " + options.accounts};
    const auto latest = options.in_memory ? std::nullopt : snapshots.latest();
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

std::string durability_text(const serve_options& options) {
    if (options.in_memory)
        return "none: in memory, and the next start begins anew";
    return "none: postings since the last snapshot are lost in a crash";
}

void print_banner(const serve_options& options, const http::listen_address& where,
                  const opened& accounts) {
    std::printf("coffer %s listens on http://%s\n", COFFER_VERSION, http::to_string(where).c_str());
    std::printf("  threads     %zu\n", options.threads);
    std::printf("  accounts    %zu, %s\n", accounts.books->books().size(), accounts.from.c_str());
    std::printf("  data        %s, %s\n", options.data.c_str(), snapshots_text(options).c_str());
    std::printf("  durability  %s\n", durability_text(options).c_str());
    std::fflush(stdout);
}

}  // namespace

void serve(const serve_options& options) {
    std::signal(SIGPIPE, SIG_IGN);  // a log or banner that nobody reads is no reason to end
    log::start();
    snapshot::snapshot_directory snapshots{options.data / "snapshots"};
    const opened accounts = open_accounts(options, snapshots);
    http::server server{*accounts.books, options.listen, options.threads};
    snapshot::snapshotter snapshotter{accounts.books->books(),
                                      std::move(snapshots),
                                      {options.snapshot_every, options.snapshot_keep}};
    print_banner(options, server.address(), accounts);
    server.run();
    snapshotter.stop();
    log::info("stopped: {} snapshots taken, {} failed", snapshotter.taken(), snapshotter.failed());
}

}  // namespace coffer::command
