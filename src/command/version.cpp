#include <CLI/CLI.hpp>
#include <cstdlib>

#include "command/commands.hpp"
#include "command/output.hpp"

namespace coffer::command {

subcommand add_version(CLI::App& app) {
    return {app.add_subcommand("version", "Print the version"), [] {
                output out;
                out.write("coffer " COFFER_VERSION "\n");
                out.finish();
                return EXIT_SUCCESS;
            }};
}

}  // namespace coffer::command
