// The options of `coffer serve`: their flags and environment variables.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "command/access_options.hpp"
#include "http/limits.hpp"
#include "http/listen_address.hpp"
#include "http/tls_context.hpp"
#include "ops/log.hpp"
#include "replication/replication_options.hpp"

namespace CLI {
class App;
}

namespace coffer::command {

struct durability_options {
    std::chrono::microseconds commit_wait{0};
    std::chrono::milliseconds disk_timeout{5000};
    std::optional<std::chrono::microseconds> retain;  ///< nothing: all history is kept
    std::chrono::microseconds key_time_to_live = std::chrono::hours{24};
    std::size_t max_keys = 10'000'000;
    std::size_t max_keys_per_token = 0;  ///< 0: no such limit
    std::chrono::microseconds max_clock_step = std::chrono::hours{1};
    bool accept_clock = false;
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;
};

struct serve_options {
    http::listen_plan listen{{{"127.0.0.1", 5000}}};
    http::tls_files tls;
    std::size_t threads = 1;
    std::filesystem::path data = "coffer-data";
    std::string accounts;  ///< of a first start: a file, "none", or empty for the sample
    std::chrono::microseconds snapshot_every = std::chrono::seconds{30};  ///< 0: only a last one
    std::size_t snapshot_keep = 10;
    durability_options durability;
    access_options access;
    replication::replication_options replication;
    http::limits limits;
    log::options log;
    bool in_memory = false;
    bool no_audit = false;
    std::string config;  ///< the file that flags were read from; empty: none
};

/// Adds the flags of `coffer serve` to its command, each with an environment variable. Parsing
/// fills `into`, which must outlive the command. PORT is used if --listen is not given.
void add_serve_options(CLI::App& serve, serve_options& into);

/// Reads what the command line and the environment have left open, PORT and the configuration file,
/// and checks that all fits. Called at the end of parsing `serve`; for a command with other plans
/// for its errors. Throws CLI::ParseError.
void finish_serve_options(CLI::App& serve, const serve_options& parsed);

}  // namespace coffer::command
