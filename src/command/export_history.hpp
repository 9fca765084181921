// `coffer export`: writes the history out, one posting a line.
#pragma once

#include "command/subcommand.hpp"

namespace coffer::command {

/// Adds the command.
[[nodiscard]] subcommand add_export(CLI::App& app);

}  // namespace coffer::command
