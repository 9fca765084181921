#include "command/durability_options.hpp"

#include <CLI/CLI.hpp>
#include <string_view>

#include "command/duration.hpp"
#include "command/limit_options.hpp"
#include "command/parsed_option.hpp"

namespace coffer::command {
namespace {

using retain_option = std::optional<std::chrono::microseconds>;

// In two steps: a duration, or all.
std::optional<retain_option> parse_retain(std::string_view text) {
    if (text == "all")
        return retain_option{};
    const auto duration = parse_duration(text);
    if (!duration)
        return std::nullopt;  // not `duration`: that would be a retain_option, of all
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

// Below, lanes would have no room; above, a file would be unwieldy.
std::optional<std::uint64_t> parse_segment_size(std::string_view text) {
    constexpr std::size_t mib = std::size_t{1} << 20;
    const auto bytes = parse_size(text);
    const bool fits = bytes && *bytes >= 4 * mib && *bytes <= 4096 * mib && *bytes % mib == 0;
    return fits ? std::optional<std::uint64_t>{*bytes} : std::nullopt;
}

}  // namespace

void add_durability_options(CLI::App& serve, durability_options& into) {
    add_parsed(serve, "--commit-wait", into.commit_wait, parse_commit_wait,
               "a duration up to 1s, as in 200us or 2ms")
        ->type_name("DURATION")
        ->description("How long a posting waits for others to be synced with it [0]")
        ->envname("COFFER_COMMIT_WAIT");
    add_parsed(serve, "--disk-timeout", into.disk_timeout, parse_disk_timeout,
               "a duration from 100ms to 24h, as in 500ms or 5s")
        ->type_name("DURATION")
        ->description("How long a request waits for the disk, then it gets 503 [5s]")
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
        .add_option("--max-idempotency-keys", into.max_keys,
                    "How many are remembered, some 140 bytes each; more get 503 [10000000]")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000'000}))
        ->envname("COFFER_MAX_IDEMPOTENCY_KEYS");
    add_parsed(serve, "--max-clock-step", into.max_clock_step, parse_duration,
               "a duration, as in 10s, 1h or 7d, or 0")
        ->type_name("DURATION")
        ->description("How far record time follows a clock that is set ahead [1h]")
        ->envname("COFFER_MAX_CLOCK_STEP");
    serve
        .add_flag("--accept-clock", into.accept_clock,
                  "Take the clock for right at this start, however far ahead it was set")
        ->envname("COFFER_ACCEPT_CLOCK");
    add_parsed(serve, "--segment-size", into.segment_bytes, parse_segment_size,
               "whole mebibytes from 4MiB to 4GiB")
        ->type_name("SIZE")
        ->description("Size of a journal file, which is made ahead of its use [64MiB]")
        ->envname("COFFER_SEGMENT_SIZE");
}

}  // namespace coffer::command
