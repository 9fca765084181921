#include "ops/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "ops/json_text.hpp"
#include "ops/line_writer.hpp"
#include "ops/text.hpp"

namespace coffer::log {
namespace {

/// Where a line has its time, and where a test wants none.
enum class times : std::uint8_t { stated, left_out };

/// What begins a line, with the pattern's own letters for its time and level; in JSON, the object.
const char* pattern_of(format as, times stated) noexcept {
    if (as == format::json)
        return stated == times::stated ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                       : R"({"level":"%l",%v})";
    return stated == times::stated ? "%Y-%m-%dT%H:%M:%S.%eZ %l %v" : "%l %v";
}

/// As `send_to` and `start` have set it.
std::atomic<format> current_format{format::text};
std::atomic<std::uint64_t> current_access{0};

/// What a line of this text has behind its level.
std::string body_of(std::string_view text) {
    if (current_format.load(std::memory_order_relaxed) == format::text)
        return std::string{text};
    std::string body = R"("message":)";
    append_json_string(body, text);
    return body;
}

std::string formatted(const spdlog::details::log_msg& message) {
    const format as = current_format.load(std::memory_order_relaxed);
    spdlog::pattern_formatter formatter{pattern_of(as, times::stated),
                                        spdlog::pattern_time_type::utc};
    spdlog::memory_buf_t line;
    formatter.format(message, line);
    return {line.data(), line.size()};
}

std::string note_of_dropped(std::uint64_t count) {
    const std::string text =
        body_of(fmt::format("{} lines of this log were dropped, since nobody read it", count));
    return formatted({"coffer", spdlog::level::warn, text});
}

/// Null until the log is sent to standard error. Never destroyed: threads may log until the process
/// ends.
std::atomic<line_writer*> standard_error{nullptr};

class line_sink final : public spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        standard_error.load()->add({line.data(), line.size()});
    }
    void flush_() override {}
};

std::shared_ptr<spdlog::logger> logger_to(spdlog::sink_ptr sink, format as, times stated) {
    auto logger = std::make_shared<spdlog::logger>("coffer", std::move(sink));
    logger->set_pattern(pattern_of(as, stated), spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::trace);
    return logger;
}

spdlog::level::level_enum level_of(level level) noexcept {
    switch (level) {
        case level::info:
            return spdlog::level::info;
        case level::warn:
            return spdlog::level::warn;
        case level::error:
            break;
    }
    return spdlog::level::err;
}

void write_body(level level, std::string_view body) {
    spdlog::default_logger_raw()->log(level_of(level),
                                      spdlog::string_view_t{body.data(), body.size()});
}

/// A text of one or more visible characters that need no quotes is left as it is.
void append_plain(std::string& out, std::string_view text) {
    const bool is_plain = !text.empty() && std::ranges::all_of(text, [](char one) {
        return one > ' ' && one <= '~' && one != '"' && one != '=' && one != '\\';
    });
    if (is_plain)
        out += text;
    else
        append_json_string(out, text);
}

void append_value(std::string& out, const member& one, format as) {
    if (const auto* const text = std::get_if<std::string_view>(&one.value))
        as == format::json ? append_json_string(out, *text) : append_plain(out, *text);
    else if (const auto* const number = std::get_if<std::uint64_t>(&one.value))
        append_number(out, *number);
    else
        fmt::format_to(std::back_inserter(out), "{:.3f}", std::get<double>(one.value));
}

std::string body_of_event(std::string_view what, std::span<const member> members) {
    const format as = current_format.load(std::memory_order_relaxed);
    std::string body;
    if (as == format::json)
        body = R"("event":)";
    append_value(body, {"event", what}, as);
    for (const member& one : members) {
        if (as == format::json)
            body.append(",\"").append(one.name).append("\":");
        else
            body.append(" ").append(one.name).append("=");
        append_value(body, one, as);
    }
    return body;
}

}  // namespace

std::optional<format> parse_format(std::string_view text) noexcept {
    if (text == "text")
        return format::text;
    return text == "json" ? std::optional{format::json} : std::nullopt;
}

std::optional<level> parse_level(std::string_view text) noexcept {
    if (text == "error")
        return level::error;
    if (text == "warn")
        return level::warn;
    return text == "info" ? std::optional{level::info} : std::nullopt;
}

std::optional<std::uint64_t> parse_access(std::string_view text) noexcept {
    if (text == "off")
        return 0;
    if (text == "all")
        return 1;
    constexpr std::string_view one_of = "1/";
    if (!text.starts_with(one_of))
        return std::nullopt;
    text.remove_prefix(one_of.size());
    std::uint64_t every = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, every);
    const bool is_right = error == std::errc{} && stopped == end && every != 0;
    return is_right ? std::optional{every} : std::nullopt;
}

void start(const options& chosen) {
    current_format.store(chosen.format, std::memory_order_relaxed);
    current_access.store(chosen.access_every, std::memory_order_relaxed);
    if (standard_error.load() == nullptr)
        standard_error = new line_writer{STDERR_FILENO, &note_of_dropped};
    auto logger = logger_to(std::make_shared<line_sink>(), chosen.format, times::stated);
    logger->set_level(level_of(chosen.level));
    spdlog::set_default_logger(std::move(logger));
}

std::uint64_t access_every() noexcept {
    return current_access.load(std::memory_order_relaxed);
}

void send_to(std::ostream& where, format as) {
    current_format.store(as, std::memory_order_relaxed);
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(where);
    spdlog::set_default_logger(logger_to(std::move(sink), as, times::left_out));
}

void flush(std::chrono::milliseconds patience) noexcept {
    if (line_writer* const started = standard_error.load())
        started->flush(patience);
}

void end_with(std::string_view line) noexcept {
    if (line_writer* const started = standard_error.load()) {
        if (current_format.load(std::memory_order_relaxed) == format::text)
            started->add(line);
        else
            error("{}", line.substr(0, line.find_last_not_of('\n') + 1));
        flush();
    } else {
        std::fwrite(line.data(), 1, line.size(), stderr);
    }
}

void event(std::string_view what, std::span<const member> members) noexcept {
    try {
        if (spdlog::default_logger_raw()->should_log(spdlog::level::info))
            write_body(level::info, body_of_event(what, members));
    } catch (...) {  // no memory: the caller goes on
    }
}

void detail::write(level level, fmt::string_view what, fmt::format_args with) noexcept {
    try {
        write_body(level, body_of(fmt::vformat(what, with)));
    } catch (...) {  // no memory: the caller goes on
    }
}

}  // namespace coffer::log
