#include "command/serve_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "command/duration.hpp"
#include "command/limit_options.hpp"
#include "command/parsed_option.hpp"
#include "ops/processors.hpp"

namespace coffer::command {
namespace {

constexpr std::size_t most_threads = 1024;
constexpr std::size_t most_snapshots = 1'000'000;

void listen_at_port_of_environment(http::listen_address& listen) {
    const char* const text = std::getenv("PORT");
    if (text == nullptr || *text == '\0')
        return;
    const auto port = http::parse_port(text);
    if (!port)
        throw CLI::ValidationError{"PORT", "'" + std::string{text} + "' is not a port"};
    listen = {"0.0.0.0", *port};
}

}  // namespace

void add_serve_options(CLI::App& serve, serve_options& into) {
    into.threads = std::min(usable_processors(), most_threads);
    CLI::Option* const listen =
        add_parsed(serve, "--listen", into.listen, http::parse_listen_address,
                   "an address and a port, as in 127.0.0.1:5000");
    listen->type_name("ADDR:PORT")
        ->description("Where to listen [127.0.0.1:5000, or 0.0.0.0:$PORT where PORT is set]")
        ->envname("COFFER_LISTEN");
    serve
        .add_option("--threads", into.threads,
                    "Threads that serve [as many as processors may be used]")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, most_threads))
        ->envname("COFFER_THREADS");
    serve.add_option("--data", into.data, "The data directory [coffer-data]")
        ->type_name("DIR")
        ->envname("COFFER_DATA");
    serve
        .add_option("--accounts", into.accounts,
                    "JSON file of the accounts that a first start opens, or none [the sample "
                    "accounts]")
        ->type_name("FILE|none")
        ->envname("COFFER_ACCOUNTS");
    add_parsed(serve, "--snapshot-every", into.snapshot_every, parse_duration,
               "a duration, as in 500ms, 30s, 5m, 1h, or 0 for never")
        ->type_name("DURATION")
        ->description("Time from one snapshot to the next, 0 for one at the end alone [30s]")
        ->envname("COFFER_SNAPSHOT_EVERY");
    serve.add_option("--snapshot-keep", into.snapshot_keep, "How many snapshots to keep [10]")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, most_snapshots))
        ->envname("COFFER_SNAPSHOT_KEEP");
    serve
        .add_flag("--in-memory", into.in_memory,
                  "Keep nothing: neither read nor write the data directory")
        ->envname("COFFER_IN_MEMORY");
    add_durability_options(serve, into.durability);
    add_limit_options(serve, into.limits);
    // Not `callback`: with that, CLI11 reads the environment for every other command, too.
    serve.parse_complete_callback([listen, &into] {
        if (!into.limits.are_consistent())
            throw CLI::ValidationError{"--max-head",
                                       "must be 64 bytes more than --max-target at least"};
        if (!into.limits.can_hold_a_request())
            throw CLI::ValidationError{
                "--max-held", "must be six times --max-body and twice --max-head at least"};
        if (listen->count() == 0)
            listen_at_port_of_environment(into.listen);
    });
}

}  // namespace coffer::command
