// What `coffer serve` can be told of how it keeps what it acknowledges.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace CLI {
class App;
}

namespace coffer::command {

struct durability_options {
    std::chrono::microseconds commit_wait{0};
    std::chrono::milliseconds disk_timeout{5000};
    std::optional<std::chrono::microseconds> retain;  ///< nothing: all
    std::chrono::microseconds key_time_to_live = std::chrono::hours{24};
    std::size_t max_keys = 10'000'000;
    std::chrono::microseconds max_clock_step = std::chrono::hours{1};
    bool accept_clock = false;
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;
};

/// Adds the flags, and the environment variables that mirror them. Parsing fills `into`, which must
/// outlive the command.
void add_durability_options(CLI::App& serve, durability_options& into);

}  // namespace coffer::command
