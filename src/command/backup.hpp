// `coffer backup` and `coffer restore`: copies of a data directory, proven before they have their
// name.
#pragma once

#include "command/subcommand.hpp"

namespace coffer::command {

/// Adds the command that copies a data directory beside a running server.
[[nodiscard]] subcommand add_backup(CLI::App& app);

/// Adds the command that makes a data directory of such a copy.
[[nodiscard]] subcommand add_restore(CLI::App& app);

}  // namespace coffer::command
