#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "command/commands.hpp"
#include "command/output.hpp"
#include "command/replication_options.hpp"
#include "ops/utc_time.hpp"
#include "replication/begin_log.hpp"
#include "replication/etcd_client.hpp"
#include "replication/members.hpp"

namespace coffer::command {
namespace {

using replication::cluster_state;
using replication::etcd_client;
using replication::log_keys;
using replication::replication_options;

constexpr replication::key_value_store::timeout within{10'000};

struct cluster_options {
    replication_options store;  ///< the node and its URL among it
};

/// Returns what was found; throws with the store's reason.
template <class Value>
Value require(replication::answer<Value> found) {
    if (!found)
        throw std::runtime_error{"etcd: " + (found.reason.empty() ? "no answer" : found.reason)};
    return std::move(found.value);
}

std::runtime_error no_ledger(const cluster_options& chosen) {
    return std::runtime_error{"there is no ledger '" + chosen.store.ledger + "' in etcd"};
}

int add(const cluster_options& chosen) {
    etcd_client store{chosen.store.store};
    if (!require(add_member(store, log_keys{chosen.store.ledger}, chosen.store.node,
                            chosen.store.advertise, within)))
        throw no_ledger(chosen);
    return EXIT_SUCCESS;
}

int remove(const cluster_options& chosen) {
    etcd_client store{chosen.store.store};
    if (!require(remove_member(store, log_keys{chosen.store.ledger}, chosen.store.node, within)))
        throw std::runtime_error{"'" + chosen.store.node + "' is no member of '" +
                                 chosen.store.ledger + '\''};
    return EXIT_SUCCESS;
}

std::string line_of(const cluster_state& of, const std::string& node) {
    const auto member = of.members.find(node);
    const auto report = of.reports.find(node);
    const bool has_reported = report != of.reports.end();
    std::string line = node + '\t' + (of.leader == node ? "leader" : "standby") + '\t' +
                       (member != of.members.end() ? "member" : "no member") + '\t' +
                       (has_reported ? report->second.value.url : member->second);
    if (has_reported)
        line += "\tsynced to record " + std::to_string(report->second.value.synced_record) +
                (report->second.value.is_catching_up ? ", catches up" : "") + ", seen " +
                to_utc_text(report->second.value.reported_ns);
    else
        line += "\thas not reported";
    return line + '\n';
}

int list(const cluster_options& chosen) {
    etcd_client store{chosen.store.store};
    const log_keys keys{chosen.store.ledger};
    if (!require(find_ledger(store, keys, within)))
        throw no_ledger(chosen);
    const cluster_state found = require(read_cluster(store, keys, within));
    output out;
    for (const auto& [node, url] : found.members)
        out.write(line_of(found, node));
    for (const auto& [node, report] : found.reports)
        if (!found.is_member(node))
            out.write(line_of(found, node));
    out.finish();
    return EXIT_SUCCESS;
}

/// Adds a command of `cluster`, whose flags it takes.
CLI::App* add_part(CLI::App& cluster, const char* name, const char* description) {
    CLI::App* const part = cluster.add_subcommand(name, description);
    part->fallthrough();
    return part;
}

void add_node(CLI::App& part, cluster_options& into) {
    part.add_option("NODE", into.store.node, "The node's name")
        ->type_name("")
        ->required()
        ->check([](const std::string& name) {
            return replication::is_node_name(name) ? std::string{}
                                                   : "'" + name + "' is no name of a node";
        });
}

}  // namespace

subcommand add_cluster(CLI::App& app) {
    CLI::App* const parser =
        app.add_subcommand("cluster", "Change or list the members of a replicated ledger");
    parser->require_subcommand(1);
    const auto chosen = std::make_shared<cluster_options>();
    add_ledger_options(*parser, chosen->store);
    CLI::App* const adding = add_part(*parser, "add", "Add a member, or give it another URL");
    add_node(*adding, *chosen);
    adding->add_option("URL", chosen->store.advertise, "Where clients reach it")
        ->type_name("")
        ->required()
        ->check([](const std::string& url) {
            return is_url(url) ? std::string{}
                               : "'" + url + "' is not a URL, as in http://10.0.0.5:5000";
        });
    CLI::App* const removing =
        add_part(*parser, "remove", "Remove a member: it does not count any more");
    add_node(*removing, *chosen);
    add_part(*parser, "list", "List the members, and what each node has reported");
    return {parser, [chosen, adding, removing] {
                return *adding ? add(*chosen) : *removing ? remove(*chosen) : list(*chosen);
            }};
}

}  // namespace coffer::command
