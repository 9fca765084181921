// What `coffer serve` can be told of how much clients may ask for.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "http/limits.hpp"

namespace CLI {
class App;
}

namespace coffer::command {

/// Adds a flag for each limit, and the environment variables that mirror them. Parsing fills
/// `into`, which must outlive the command.
void add_limit_options(CLI::App& serve, http::limits& into);

/// Reads "65536", "64KiB", "1MiB" or "1GiB", as a number of bytes.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);

}  // namespace coffer::command
