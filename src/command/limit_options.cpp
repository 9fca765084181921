#include "command/limit_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include "command/duration.hpp"
#include "command/parsed_option.hpp"

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
              "Replies held for a client that does not take them [256KiB]"},
    size_flag{"max-held", &limits::buffered_bytes, 0, 1024 * gib,
              "Requests in part and replies not taken, of all clients together [256MiB]"},
};

struct count_flag {
    std::string_view name;
    std::size_t limits::*member;
    std::string_view description;
};

constexpr std::size_t most_of_anything = 100'000'000;

constexpr std::array count_flags{
    count_flag{"max-connections", &limits::connections,
               "Connections at once; more are told to come back [16384, or what there are "
               "file descriptors for]"},
    count_flag{"max-connections-per-peer", &limits::connections_per_peer,
               "Connections at once from one address, or one /64 of IPv6 [as many as in all]"},
    count_flag{"requests-per-wake", &limits::requests_per_wake,
               "Requests of one connection before it is the next one's turn [256]"},
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
              "Time from there to the end of the header fields [10s]"},
    time_flag{"body-timeout", &limits::body_timeout, seconds{1},
              "Time from there to the end of the body [30s]"},
    time_flag{"write-timeout", &limits::write_timeout, seconds{1},
              "Time for a client to take some of its replies [30s]"},
    time_flag{"linger-timeout", &limits::linger_timeout, seconds{1},
              "Time for a client to close after its last reply [2s]"},
    time_flag{"drain-grace", &limits::drain_grace, seconds{0},
              "Time to go on serving once told to stop, with /readyz 503 [0]"},
    time_flag{"drain-timeout", &limits::drain_timeout, seconds{0},
              "Time to answer what has arrived once told to stop [5s]"},
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

}  // namespace

std::optional<std::size_t> parse_size(std::string_view text) {
    struct unit {
        std::string_view name;
        std::size_t bytes;
    };
    constexpr std::array units{unit{"", 1}, unit{"KiB", kib}, unit{"MiB", mib}, unit{"GiB", gib}};
    std::size_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{})
        return std::nullopt;
    const std::string_view name{stopped, static_cast<std::size_t>(end - stopped)};
    const auto found = std::find_if(units.begin(), units.end(),
                                    [name](const unit& one) { return one.name == name; });
    if (found == units.end() || count > SIZE_MAX / found->bytes)
        return std::nullopt;
    return count * found->bytes;
}

void add_limit_options(CLI::App& serve, limits& into) {
    for (const auto& flag : size_flags)
        add(serve, into, flag);
    for (const auto& flag : count_flags)
        add(serve, into, flag);
    for (const auto& flag : time_flags)
        add(serve, into, flag);
}

}  // namespace coffer::command
