// The options of `coffer serve` about who may send requests, and the file of the tokens.
#pragma once

#include <filesystem>
#include <vector>

#include "api/access_rules.hpp"

namespace CLI {
class App;
}

namespace coffer::command {

struct access_options {
    std::filesystem::path tokens;  ///< empty: no tokens
    std::vector<api::host_name> names;
    api::request_rate rate;
};

/// Adds the flags, each with an environment variable. `into` must outlive the command.
void add_access_options(CLI::App& serve, access_options& into);

/// Reads a file of tokens, and warns if everybody can read it. Throws std::runtime_error with the
/// file and what is wrong.
[[nodiscard]] api::token_set read_tokens(const std::filesystem::path& file);

}  // namespace coffer::command
