#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <coffer/account_number.hpp>

#include "audit/received_copy.hpp"
#include "command/commands.hpp"
#include "command/output.hpp"
#include "command/replication_options.hpp"
#include "command/running_copy.hpp"
#include "ops/file_descriptor.hpp"
#include "replication/catch_up.hpp"
#include "replication/node_download.hpp"
#include "replication/node_identity.hpp"

namespace coffer::command {
namespace {

namespace json = boost::json;

using replication::other_node;
using snapshot::snapshot_info;

constexpr std::chrono::milliseconds patience{30'000};
constexpr std::uint64_t segment_bytes = std::uint64_t{64} << 20;
constexpr std::size_t most_list_bytes = std::size_t{64} << 20;  // of 300,000 snapshots
constexpr int most_attempts = 3;   // at a snapshot: the node may break off, or remove it meanwhile
constexpr int most_snapshots = 3;  // the journal may be trimmed beyond one before it is copied
constexpr std::chrono::seconds between_snapshots{1};

struct join_options {
    other_node from;
    std::string to;
    replication::replication_options access;
    bool json = false;
    bool force = false;
};

/// The number of the newest snapshot in an answer of GET /admin/snapshots; 0 if there is none.
std::uint64_t newest_in(const std::string& answer) {
    boost::system::error_code wrong;
    const json::value parsed = json::parse(answer, wrong);
    if (wrong)
        throw std::runtime_error{"the list of snapshots is no JSON"};
    std::uint64_t newest = 0;
    for (const json::value& one : parsed.at("data").at("snapshots").as_array()) {
        const std::filesystem::path name{std::string{one.at("snapshot").as_string()}};
        newest = std::max(newest, parse_account_number(name.stem().string()).value_or(0));
    }
    return newest;
}

std::uint64_t find_newest(const other_node& from) {
    const auto list = [&] {
        return newest_in(get_text(from, {.target = "/admin/snapshots"}, most_list_bytes));
    };
    if (const std::uint64_t found = list(); found != 0)
        return found;
    static_cast<void>(
        get_text(from, {.method = "POST", .target = "/admin/snapshot", .patience = patience}));
    const std::uint64_t taken = list();
    if (taken == 0)
        throw std::runtime_error{from.url + ": has no snapshot"};
    return taken;
}

void write_snapshot(const other_node& from, std::uint64_t number,
                    const std::filesystem::path& file) {
    file_descriptor into{file, O_WRONLY | O_CREAT | O_TRUNC, 0640};
    if (!into.is_open())
        snapshot::throw_snapshot_error(file, "cannot be created");
    get(from,
        {.target = "/admin/snapshots/" + std::to_string(number) + ".json", .patience = patience},
        [&](std::string_view piece) {
            if (!into.write(piece))
                snapshot::throw_snapshot_error(file, "cannot be written");
        });
    if (!into.sync())
        snapshot::throw_snapshot_error(file, "cannot be synced");
}

snapshot_info copy_snapshot(const other_node& from, audit::received_copy& to) {
    for (int attempts = 1;; ++attempts) {
        try {
            const std::uint64_t number = find_newest(from);
            write_snapshot(from, number, to.snapshot(number));
            return to.publish(number);
        } catch (const replication::node_unavailable&) {
            if (attempts == most_attempts)
                throw;
        } catch (const replication::node_refusal& refused) {
            if (refused.status() != 404 || attempts == most_attempts)
                throw;
        }
    }
}

/// Returns false if the journal was trimmed beyond what the snapshot needs: a newer one is there.
bool copy_batches(const other_node& from, const snapshot_info& begin, audit::received_copy& to) {
    const auto copy_after = [&](std::uint64_t record) {
        try {
            static_cast<void>(copy_journal_from(
                from, record,
                [&](const journal::batch_position& before) {
                    to.begin(begin.ledger, before, segment_bytes);
                },
                [&](const journal::batch_view& one) { to.append(one); }, patience));
            return true;
        } catch (const replication::node_refusal& refused) {
            if (refused.status() != 410 || to.has_begun())
                throw;
            return false;
        }
    };
    // What the snapshot and the keys that are alive need. The last record of the snapshot is copied
    // too, since nothing may follow it.
    const std::uint64_t first = std::min(begin.after_record, begin.keys_from);
    if (!copy_after(0) && !copy_after(std::max<std::uint64_t>(first, 1) - 1))
        return false;
    if (!to.has_begun())
        throw std::runtime_error{from.url + ": has no journal"};
    return true;
}

snapshot_info copy_ledger(const other_node& from, audit::received_copy& to) {
    for (int snapshots = 0; snapshots < most_snapshots; ++snapshots) {
        if (snapshots != 0)
            std::this_thread::sleep_for(between_snapshots);
        if (const snapshot_info begin = copy_snapshot(from, to); copy_batches(from, begin, to))
            return begin;
    }
    throw std::runtime_error{from.url +
                             ": trims its journal faster than it can be copied: give it a longer "
                             "--retain for the time of the copy"};
}

int join(const join_options& chosen) {
    const other_node from{.url = chosen.from.url,
                          .token_file = chosen.access.token_file,
                          .ca_file = chosen.access.store.ca_file};
    audit::received_copy copy{chosen.to,
                              chosen.force ? audit::leftover::replace : audit::leftover::refuse};
    const snapshot_info begin = copy_ledger(from, copy);
    const replication::node_identity identity{.ledger = chosen.access.ledger,
                                              .id = begin.ledger,
                                              .incarnation = replication::random_incarnation()};
    replication::write_identity(copy.path(), identity);
    replication::mark_journal(copy.path(), identity);
    const audit::finished_copy made = copy.finish();
    output out;
    if (chosen.json)
        out.write(to_json(made.audited));
    else
        out.write(to_text(made.audited) + "joined as " + made.audited.directory + '\n');
    out.finish();
    return EXIT_SUCCESS;
}

}  // namespace

subcommand add_join(CLI::App& app) {
    CLI::App* const parser =
        app.add_subcommand("join", "Make the data directory of a new node from another node's");
    const auto chosen = std::make_shared<join_options>();
    parser->add_option("URL", chosen->from.url, "The node to copy, as in http://10.0.0.5:5000")
        ->type_name("")
        ->required();
    parser
        ->add_option("DIR", chosen->to,
                     "The data directory; must not exist, or be an empty directory")
        ->type_name("")
        ->required();
    add_node_access(*parser, chosen->access);
    parser->add_flag("--json", chosen->json, "Print the result of its audit as one JSON object");
    parser->add_flag("--force", chosen->force,
                     "Replace what an unfinished copy has left in the same place");
    return {parser, [chosen] { return run_copy([&] { return join(*chosen); }); }};
}

}  // namespace coffer::command
