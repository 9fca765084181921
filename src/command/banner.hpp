// What `coffer serve` prints once it serves.
#pragma once

#include <cstddef>
#include <string>

#include "command/serve_options.hpp"

namespace coffer::command {

struct served {
    const serve_options& options;
    const http::limits& limits;  ///< those of the options, as far as the system allows
    http::listen_address address;
    std::size_t accounts;
    std::string from;  ///< where the accounts are from
};

/// Prints it to standard output, without waiting for one that nobody reads.
void print_banner(const served& what);

}  // namespace coffer::command
