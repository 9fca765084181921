#include "command/banner.hpp"

#include <unistd.h>

#include <vector>

#include "ops/duration.hpp"
#include "ops/line_writer.hpp"
#include "ops/log.hpp"

namespace coffer::command {
namespace {

std::string snapshots_text(const serve_options& options) {
    const std::string when = options.snapshot_every.count() == 0
                                 ? "when the server stops"
                                 : "every " + to_string(options.snapshot_every);
    return "a snapshot " + when + ", the newest " + std::to_string(options.snapshot_keep) + " kept";
}

/// The listeners that other machines can reach, joined by commas.
std::string open_to_others(const http::listen_plan& plan) {
    std::string found;
    for (const auto* const each : {&plan.everyone, &plan.operators})
        for (const http::listen_address& one : *each)
            if (!one.is_local())
                found += (found.empty() ? "" : ", ") + url_of(one);
    return found;
}

}  // namespace

void print_banner(const served& what) {
    const serve_options& options = what.options;
    line_writer out{STDOUT_FILENO};
    const std::vector<http::listen_address>& everyone = what.addresses.everyone;
    out.add("coffer " COFFER_VERSION " listens on " + url_of(everyone.front()) + '\n');
    for (std::size_t i = 1; i != everyone.size(); ++i)
        out.add("  and on      " + url_of(everyone[i]) + '\n');
    for (const http::listen_address& one : what.addresses.operators)
        out.add("  operators   " + url_of(one) + '\n');
    out.add("  threads     " + std::to_string(options.threads) + '\n');
    out.add("  accounts    " + std::to_string(what.accounts) + ", " + what.from + '\n');
    out.add("  data        " +
            (options.in_memory ? "none, in memory"
                               : options.data.string() + ", " + snapshots_text(options)) +
            '\n');
    const std::string open = options.access.tokens.empty() ? open_to_others(what.addresses) : "";
    if (!options.access.tokens.empty())
        out.add("  access      by the tokens in " + options.access.tokens.string() + '\n');
    if (!open.empty()) {
        out.add("  access      EVERYBODY who can reach " + open +
                " can move money: there are no --tokens\n");
        log::warn("everybody who can reach {} can move money: there are no --tokens", open);
    }
    out.add(options.in_memory ? "  durability  none: everything is lost when the server stops\n"
                              : "  durability  what a reply reports is on the disk before it is "
                                "sent\n");
    if (what.limits.connections != options.limits.connections)
        out.add("  connections " + std::to_string(what.limits.connections) +
                " at most: the limit of open files allows no more\n");
}

}  // namespace coffer::command
