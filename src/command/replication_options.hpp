// The options of `coffer serve` for a ledger that is replicated, and of all commands that speak to
// its store.
#pragma once

#include <string>
#include <string_view>

#include "replication/replication_options.hpp"

namespace CLI {
class App;
}

namespace coffer::command {

/// Whether a text is http:// or https:// and what may be a host, perhaps with a port; no more.
[[nodiscard]] bool is_url(std::string_view text);

/// Whether what is at such a URL is on this machine, as far as the host's name says.
[[nodiscard]] bool is_url_of_this_machine(std::string_view url) noexcept;

/// Adds the flags that say how the store is reached: --etcd-user and those that begin with --etcd-.
void add_store_options(CLI::App& command, replication::store_access& into);

/// Adds --replicate and --ledger, which must be given, and the flags of the store.
void add_ledger_options(CLI::App& command, replication::replication_options& into);

/// Adds --ledger, which must be given, --node-token and --etcd-ca: for what speaks to a node alone.
void add_node_access(CLI::App& command, replication::replication_options& into);

/// Adds all of them. Parsing fills `into`, which must outlive the command.
void add_replication_options(CLI::App& serve, replication::replication_options& into);

/// Throws CLI::ValidationError where one option lacks another.
void check_replication_options(const replication::replication_options& parsed, bool in_memory);

}  // namespace coffer::command
