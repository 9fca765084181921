#include "command/serve_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "command/config_file.hpp"
#include "command/listen_options.hpp"
#include "command/parsed_option.hpp"
#include "command/replication_options.hpp"
#include "ops/byte_size.hpp"
#include "ops/duration.hpp"
#include "ops/processors.hpp"

namespace coffer::command {
namespace {

using http::limits;
using std::chrono::seconds;

struct size_flag {
    std::string_view name;
    std::size_t limits::*member;
    std::size_t least_bytes;
    std::size_t most_bytes;
    std::string_view description;
};

constexpr std::size_t kib = http::kibibyte;
constexpr std::size_t mib = http::mebibyte;
constexpr std::size_t gib = 1024 * mib;

constexpr std::array size_flags{
    size_flag{"max-target", &limits::target_bytes, 64, mib, "The longest request target [8KiB]"},
    size_flag{"max-head", &limits::head_bytes, 128, 2 * mib,
              "The longest request line and header fields together [16KiB]"},
    size_flag{"max-body", &limits::body_bytes, 64, gib, "The longest request body [64KiB]"},
    size_flag{"max-output", &limits::output_bytes, kib, gib,
              "Replies buffered for a client that does not take them [256KiB]"},
    size_flag{"max-held", &limits::buffered_bytes, 0, 1024 * gib,
              "Incomplete requests and buffered replies of all clients together [256MiB]"},
};

struct count_flag {
    std::string_view name;
    std::size_t limits::*member;
    std::string_view description;
};

constexpr std::size_t most_of_anything = 100'000'000;

constexpr std::array count_flags{
    count_flag{"max-connections", &limits::connections,
               "Connections at once; more get 503 [16384, or as many as the limit of open "
               "files allows]"},
    count_flag{"max-connections-per-peer", &limits::connections_per_peer,
               "Connections at once from one address, or one /64 of IPv6 [--max-connections]"},
    count_flag{"max-batch-lines", &limits::batch_lines, "Operations in a batch [10000]"},
    count_flag{"requests-per-wake", &limits::requests_per_wake,
               "Requests of one connection before the next connection gets its turn [256]"},
};

struct time_flag {
    std::string_view name;
    seconds limits::*member;
    seconds least;
    std::string_view description;
};

constexpr std::array time_flags{
    time_flag{"idle-timeout", &limits::idle_timeout, seconds{1},
              "Time to the first byte of the next request [75s]"},
    time_flag{"head-timeout", &limits::head_timeout, seconds{1},
              "Time from the first byte of a request to the end of its head [10s]"},
    time_flag{"body-timeout", &limits::body_timeout, seconds{1},
              "Time from the end of the head to the end of the body [30s]"},
    time_flag{"write-timeout", &limits::write_timeout, seconds{1},
              "Time for a client to take some of its replies [30s]"},
    time_flag{"linger-timeout", &limits::linger_timeout, seconds{1},
              "Time for a client to close after its last reply [2s]"},
    time_flag{"drain-grace", &limits::drain_grace, seconds{0},
              "Time to go on serving after a signal to stop, with /readyz 503 [0]"},
    time_flag{"drain-timeout", &limits::drain_timeout, seconds{0},
              "Time to answer what has arrived once the server drains [5s]"},
};

/// COFFER_MAX_HEAD for max-head.
std::string environment_name(std::string_view flag) {
    std::string name = "COFFER_";
    for (const char c : flag)
        name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    return name;
}

void describe(CLI::Option* option, std::string_view flag, const char* type,
              std::string_view description) {
    option->type_name(type)
        ->description(std::string{description})
        ->envname(environment_name(flag))
        ->group("Limits");
}

void add(CLI::App& serve, limits& into, const size_flag& flag) {
    const auto parse = [&flag](std::string_view text) {
        const auto bytes = parse_size(text);
        const bool fits = bytes && *bytes >= flag.least_bytes && *bytes <= flag.most_bytes;
        return fits ? bytes : std::nullopt;
    };
    describe(add_parsed(serve, "--" + std::string{flag.name}, into.*flag.member, parse,
                        "a size from " + std::to_string(flag.least_bytes) + " bytes to " +
                            std::to_string(flag.most_bytes) + ", as in 65536, 64KiB or 1MiB"),
             flag.name, "SIZE", flag.description);
}

void add(CLI::App& serve, limits& into, const count_flag& flag) {
    CLI::Option* const option = serve.add_option("--" + std::string{flag.name}, into.*flag.member)
                                    ->check(CLI::Range(std::size_t{1}, most_of_anything));
    describe(option, flag.name, "N", flag.description);
}

void add(CLI::App& serve, limits& into, const time_flag& flag) {
    const auto parse = [&flag](std::string_view text) -> std::optional<seconds> {
        const auto given = parse_duration(text);
        if (!given)
            return std::nullopt;
        const auto rounded = std::chrono::ceil<seconds>(*given);
        return rounded >= flag.least ? std::optional{rounded} : std::nullopt;
    };
    const std::string least = flag.least == seconds{0} ? ", or 0" : "";
    describe(add_parsed(serve, "--" + std::string{flag.name}, into.*flag.member, parse,
                        "a duration, as in 500ms, 30s, 5m, 1h" + least),
             flag.name, "DURATION", flag.description);
}

/// Adds a flag for each limit.
void add_limit_options(CLI::App& serve, limits& into) {
    for (const auto& flag : size_flags)
        add(serve, into, flag);
    for (const auto& flag : count_flags)
        add(serve, into, flag);
    for (const auto& flag : time_flags)
        add(serve, into, flag);
}

using retain_option = std::optional<std::chrono::microseconds>;

/// Returns an empty retain_option for "all", nothing if the text is wrong.
std::optional<retain_option> parse_retain(std::string_view text) {
    if (text == "all")
        return retain_option{};
    const auto duration = parse_duration(text);
    if (!duration)
        return std::nullopt;  // not `duration`: that would convert to a retain_option of "all"
    return retain_option{duration};
}

std::optional<std::chrono::microseconds> parse_commit_wait(std::string_view text) {
    constexpr std::chrono::seconds longest{1};
    const auto duration = parse_duration(text);
    return duration && *duration <= longest ? duration : std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_disk_timeout(std::string_view text) {
    constexpr std::chrono::milliseconds shortest{100};
    constexpr std::chrono::hours longest{24};
    const auto duration = parse_duration(text);
    return duration && *duration >= shortest && *duration <= longest
               ? std::optional{std::chrono::ceil<std::chrono::milliseconds>(*duration)}
               : std::nullopt;
}

std::optional<std::chrono::microseconds> parse_time_to_live(std::string_view text) {
    const auto duration = parse_duration(text);
    return duration && duration->count() != 0 ? duration : std::nullopt;
}

// A smaller segment has no room for the lanes; a larger file is unwieldy.
std::optional<std::uint64_t> parse_segment_size(std::string_view text) {
    const auto bytes = parse_size(text);
    const bool fits = bytes && *bytes >= 4 * mib && *bytes <= 4096 * mib && *bytes % mib == 0;
    return fits ? std::optional<std::uint64_t>{*bytes} : std::nullopt;
}

void add_durability_options(CLI::App& serve, durability_options& into) {
    add_parsed(serve, "--commit-wait", into.commit_wait, parse_commit_wait,
               "a duration up to 1s, as in 200us or 2ms")
        ->type_name("DURATION")
        ->description("How long a posting waits for others to be synced together with it [0]")
        ->envname("COFFER_COMMIT_WAIT");
    add_parsed(serve, "--disk-timeout", into.disk_timeout, parse_disk_timeout,
               "a duration from 100ms to 24h, as in 500ms or 5s")
        ->type_name("DURATION")
        ->description("How long a request waits for the disk before it gets 503 [5s]")
        ->envname("COFFER_DISK_TIMEOUT");
    add_parsed(serve, "--retain", into.retain, parse_retain, "a duration, as in 12h or 30d, or all")
        ->type_name("DURATION|all")
        ->description("How long to keep journal segments that all snapshots cover [all]")
        ->envname("COFFER_RETAIN");
    add_parsed(serve, "--idempotency-ttl", into.key_time_to_live, parse_time_to_live,
               "a duration above 0, as in 10m, 24h or 7d")
        ->type_name("DURATION")
        ->description("How long an Idempotency-Key is remembered [24h]")
        ->envname("COFFER_IDEMPOTENCY_TTL");
    serve
        .add_option(
            "--max-idempotency-keys", into.max_keys,
            "How many keys are remembered, about 140 bytes each and more for some operations; "
            "more get 503. Also how many ended holds are [10000000]")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000'000}))
        ->envname("COFFER_MAX_IDEMPOTENCY_KEYS");
    serve
        .add_option("--max-keys-per-token", into.max_keys_per_token,
                    "How many of these keys a token may have; more get 503. 0: no such limit [0]")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000'000}))
        ->envname("COFFER_MAX_KEYS_PER_TOKEN");
    add_parsed(serve, "--max-clock-step", into.max_clock_step, parse_duration,
               "a duration, as in 10s, 1h or 7d, or 0")
        ->type_name("DURATION")
        ->description("How far record time follows a clock that is set ahead [1h]")
        ->envname("COFFER_MAX_CLOCK_STEP");
    serve
        .add_flag("--accept-clock", into.accept_clock,
                  "Trust the clock at this start, however far ahead it was set")
        ->envname("COFFER_ACCEPT_CLOCK");
    add_parsed(serve, "--segment-size", into.segment_bytes, parse_segment_size,
               "whole mebibytes from 4MiB to 4GiB")
        ->type_name("SIZE")
        ->description("Size of a journal file, which is allocated ahead of its use [64MiB]")
        ->envname("COFFER_SEGMENT_SIZE");
}

void add_log_options(CLI::App& serve, log::options& into) {
    add_parsed(serve, "--log-format", into.format, log::parse_format, "text or json")
        ->type_name("text|json")
        ->description("What a line of the log is [text]")
        ->envname("COFFER_LOG_FORMAT");
    add_parsed(serve, "--log-level", into.level, log::parse_level, "error, warn or info")
        ->type_name("error|warn|info")
        ->description("The least important lines of the log [info]")
        ->envname("COFFER_LOG_LEVEL");
    add_parsed(serve, "--access-log", into.access_every, log::parse_access,
               "off, all, or as in 1/100")
        ->type_name("off|all|1/N")
        ->description("Log no request, each, or one of N [off]")
        ->envname("COFFER_ACCESS_LOG");
}

constexpr std::size_t most_threads = 1024;
constexpr std::size_t most_snapshots = 1'000'000;

}  // namespace

void add_serve_options(CLI::App& serve, serve_options& into) {
    into.threads = std::min(usable_processors(), most_threads);
    add_listen_options(serve, into.listen, into.tls);
    serve
        .add_option("--threads", into.threads,
                    "Worker threads [as many as there are processors to use]")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, most_threads))
        ->envname("COFFER_THREADS");
    serve.add_option("--data", into.data, "The data directory [coffer-data]")
        ->type_name("DIR")
        ->envname("COFFER_DATA");
    serve
        .add_option("--accounts", into.accounts,
                    "JSON file of the accounts that a first start opens, or none [the sample "
                    "accounts]")
        ->type_name("FILE|none")
        ->envname("COFFER_ACCOUNTS");
    add_parsed(serve, "--snapshot-every", into.snapshot_every, parse_duration,
               "a duration, as in 500ms, 30s, 5m, 1h, or 0 for never")
        ->type_name("DURATION")
        ->description("Time from one snapshot to the next; 0: only one when the server stops [30s]")
        ->envname("COFFER_SNAPSHOT_EVERY");
    serve.add_option("--snapshot-keep", into.snapshot_keep, "How many snapshots to keep [10]")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, most_snapshots))
        ->envname("COFFER_SNAPSHOT_KEEP");
    serve
        .add_flag("--in-memory", into.in_memory,
                  "Keep nothing: neither read nor write the data directory")
        ->envname("COFFER_IN_MEMORY");
    serve
        .add_flag("--no-audit", into.no_audit,
                  "Do not compare the ledger with its journal while serving")
        ->envname("COFFER_NO_AUDIT");
    add_durability_options(serve, into.durability);
    add_access_options(serve, into.access);
    add_replication_options(serve, into.replication);
    add_log_options(serve, into.log);
    add_limit_options(serve, into.limits);
    serve
        .add_option("--config", into.config,
                    "File of flags: their names without dashes, as in data = DIR")
        ->type_name("FILE")
        ->envname("COFFER_CONFIG");
    // Not `callback`: with that, CLI11 reads the environment for every other command too.
    serve.parse_complete_callback([&serve, &into] { finish_serve_options(serve, into); });
}

void finish_serve_options(CLI::App& serve, const serve_options& parsed) {
    if (CLI::Option& listen = *serve.get_option("--listen"); listen.count() == 0)
        listen_at_port_of_environment(listen);
    if (!parsed.config.empty())
        read_config_file(serve, parsed.config);
    if (!parsed.limits.are_consistent())
        throw CLI::ValidationError{"--max-head",
                                   "must be at least 64 bytes more than --max-target"};
    if (!parsed.limits.can_hold_a_request())
        throw CLI::ValidationError{"--max-held",
                                   "must be at least six times --max-body plus twice --max-head"};
    check_listen_options(parsed.listen, parsed.tls);
    check_replication_options(parsed.replication, parsed.in_memory);
}

}  // namespace coffer::command
