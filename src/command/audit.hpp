// `coffer audit`: proves a data directory right, or says what is wrong with it.
#pragma once

#include "command/subcommand.hpp"

namespace coffer::command {

/// Adds the command. Exit status 0 if all holds, 1 if not.
[[nodiscard]] subcommand add_audit(CLI::App& app);

}  // namespace coffer::command
