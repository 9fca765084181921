#include "ops/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "ops/line_writer.hpp"

namespace coffer::log {
namespace {

constexpr const char* pattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";

std::string formatted(const spdlog::details::log_msg& message) {
    spdlog::pattern_formatter formatter{pattern, spdlog::pattern_time_type::utc};
    spdlog::memory_buf_t line;
    formatter.format(message, line);
    return {line.data(), line.size()};
}

std::string note_of_dropped(std::uint64_t count) {
    const std::string text =
        fmt::format("{} lines of this log were dropped, since nobody read it", count);
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

std::shared_ptr<spdlog::logger> logger_to(spdlog::sink_ptr sink, const char* with) {
    auto logger = std::make_shared<spdlog::logger>("coffer", std::move(sink));
    logger->set_pattern(with, spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::trace);
    return logger;
}

spdlog::level::level_enum level_of(detail::level level) noexcept {
    switch (level) {
        case detail::level::info:
            return spdlog::level::info;
        case detail::level::warn:
            return spdlog::level::warn;
        case detail::level::error:
            break;
    }
    return spdlog::level::err;
}

}  // namespace

void start() {
    if (standard_error.load() == nullptr)
        standard_error = new line_writer{STDERR_FILENO, &note_of_dropped};
    spdlog::set_default_logger(logger_to(std::make_shared<line_sink>(), pattern));
}

void send_to(std::ostream& where) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(where);
    spdlog::set_default_logger(logger_to(std::move(sink), "%l %v"));
}

void flush(std::chrono::milliseconds patience) noexcept {
    if (line_writer* const started = standard_error.load())
        started->flush(patience);
}

void end_with(std::string_view line) noexcept {
    if (line_writer* const started = standard_error.load()) {
        started->add(line);
        flush();
    } else {
        std::fwrite(line.data(), 1, line.size(), stderr);
    }
}

void detail::write(level level, fmt::string_view what, fmt::format_args with) noexcept {
    try {
        fmt::memory_buffer line;
        fmt::vformat_to(fmt::appender{line}, what, with);
        spdlog::default_logger_raw()->log(level_of(level),
                                          spdlog::string_view_t{line.data(), line.size()});
    } catch (...) {  // no memory: the caller goes on
    }
}

}  // namespace coffer::log
