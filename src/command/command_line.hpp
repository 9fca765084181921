// The commands and flags of the program, as CLI11 has them: what main parses, and what the shell
// completion and the manual pages are made from.
#pragma once

#include <CLI/CLI.hpp>
#include <vector>

#include "command/commands.hpp"
#include "command/serve_options.hpp"

namespace coffer::command {

struct command_line {
    command_line();
    command_line(const command_line&) = delete;
    command_line& operator=(const command_line&) = delete;
    ~command_line() = default;

    CLI::App app;
    serve_options options;  ///< what the flags of `serve` fill in
    CLI::App* serve;
    std::vector<subcommand> others;  ///< the commands beside `serve` and `help`
    CLI::App* help;
};

}  // namespace coffer::command
