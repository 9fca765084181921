#include "ops/log.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

namespace coffer::log {
namespace {

std::shared_ptr<spdlog::logger> logger_to(spdlog::sink_ptr sink, const char* pattern) {
    auto logger = std::make_shared<spdlog::logger>("coffer", std::move(sink));
    logger->set_pattern(pattern, spdlog::pattern_time_type::utc);
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
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    spdlog::set_default_logger(logger_to(std::move(sink), "%Y-%m-%dT%H:%M:%S.%eZ %l %v"));
}

void send_to(std::ostream& where) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(where);
    spdlog::set_default_logger(logger_to(std::move(sink), "%l %v"));
}

void detail::write(level level, fmt::string_view what, fmt::format_args with) noexcept {
    try {
        fmt::memory_buffer line;
        fmt::vformat_to(fmt::appender{line}, what, with);
        spdlog::default_logger_raw()->log(level_of(level),
                                          spdlog::string_view_t{line.data(), line.size()});
    } catch (...) {  // no memory: what is logged about goes on
    }
}

}  // namespace coffer::log
