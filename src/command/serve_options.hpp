// What `coffer serve` can be told.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "http/limits.hpp"
#include "http/listen_address.hpp"

namespace CLI {
class App;
}

namespace coffer::command {

struct serve_options {
    http::listen_address listen{"127.0.0.1", 5000};
    std::size_t threads = 1;
    std::filesystem::path data = "coffer-data";
    std::string accounts;  ///< a file, "none", or empty for the latest snapshot or the sample
    std::chrono::milliseconds snapshot_every{30'000};  ///< zero for none but the last
    std::size_t snapshot_keep = 10;
    http::limits limits;
    bool in_memory = false;
};

/// Adds the flags of `coffer serve` to its command, and the environment variables that mirror them.
/// Parsing fills `into`, which must outlive the command. PORT counts where nothing says --listen.
void add_serve_options(CLI::App& serve, serve_options& into);

/// Reads "500ms", "30s", "5m", "1h" or "0".
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The inverse, in the largest unit that is exact.
[[nodiscard]] std::string to_string(std::chrono::milliseconds duration);

}  // namespace coffer::command
