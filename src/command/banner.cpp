#include "command/banner.hpp"

#include <unistd.h>

#include <vector>

#include "ops/duration.hpp"
#include "ops/line_writer.hpp"

namespace coffer::command {
namespace {

std::string snapshots_text(const serve_options& options) {
    const std::string when = options.snapshot_every.count() == 0
                                 ? "when the server stops"
                                 : "every " + to_string(options.snapshot_every);
    return "a snapshot " + when + ", the newest " + std::to_string(options.snapshot_keep) + " kept";
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
    out.add(options.in_memory ? "  durability  none: everything is lost when the server stops\n"
                              : "  durability  what a reply reports is on the disk before it is "
                                "sent\n");
    if (what.limits.connections != options.limits.connections)
        out.add("  connections " + std::to_string(what.limits.connections) +
                " at most: the limit of open files allows no more\n");
}

}  // namespace coffer::command
