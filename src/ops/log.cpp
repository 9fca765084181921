#include "ops/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>

namespace coffer::log {

void start() {
    auto logger = spdlog::stderr_logger_mt("coffer");
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace coffer::log
