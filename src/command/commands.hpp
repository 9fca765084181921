// The commands of the program: what main runs.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace coffer::command {

struct serve_options;

/// A command as main sees it.
struct subcommand {
    CLI::App* parser;          ///< after parsing: true if the command was asked for
    std::function<int()> run;  ///< runs it after parsing; returns the exit status
};

/// Adds `coffer audit`, which proves a data directory right or reports what is wrong with it. Exit
/// status: 0 if everything holds, 1 if not.
[[nodiscard]] subcommand add_audit(CLI::App& app);

/// Adds `coffer check`, which finds out whether `coffer serve` would start with the same flags, and
/// changes nothing. Exit status: 0 if it would, 1 if not.
[[nodiscard]] subcommand add_check(CLI::App& app);

/// Adds `coffer export`, which writes the history, one posting a line.
[[nodiscard]] subcommand add_export(CLI::App& app);

/// Adds `coffer backup`, which copies a data directory, also while a server runs on it.
[[nodiscard]] subcommand add_backup(CLI::App& app);

/// Adds `coffer restore`, which makes a data directory from a backup.
[[nodiscard]] subcommand add_restore(CLI::App& app);

/// Adds `coffer join`, which makes a data directory of what a node of a replicated ledger has.
[[nodiscard]] subcommand add_join(CLI::App& app);

/// Adds `coffer cluster`, which changes or lists the members of a replicated ledger.
[[nodiscard]] subcommand add_cluster(CLI::App& app);

/// Adds `coffer token`, which makes a token and the line for the file of `--tokens`.
[[nodiscard]] subcommand add_token(CLI::App& app);

/// Adds `coffer completion`, which prints what makes a shell complete the commands and flags.
[[nodiscard]] subcommand add_completion(CLI::App& app);

/// Adds `coffer version`.
[[nodiscard]] subcommand add_version(CLI::App& app);

/// Runs `coffer serve`: serves until a signal stops the server, then takes a last snapshot. A
/// signal during the start ends the start. The signals must be held back: see ops/signal_watch.hpp.
/// Throws std::exception, with a text for people, if the server cannot start.
void serve(const serve_options&);

}  // namespace coffer::command
