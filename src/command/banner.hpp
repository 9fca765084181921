// Prints where and how `coffer serve` serves, once it does.
#pragma once

#include <cstddef>
#include <string>

#include "command/serve_options.hpp"

namespace coffer::command {

struct served {
    const serve_options& options;
    const http::limits& limits;  ///< those in effect: the options', as far as the system allows
    const http::listen_plan& addresses;  ///< with the ports that the system chose
    std::size_t accounts;
    std::string from;  ///< the origin of the accounts, for people
};

/// Prints the banner to standard output. Does not block on a pipe that nobody reads. Logs too if
/// other machines can use the server without a token.
void print_banner(const served& what);

}  // namespace coffer::command
