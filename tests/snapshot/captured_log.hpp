// The log as a text, for tests.
#pragma once

#include <sstream>
#include <string>

#include "ops/log.hpp"

namespace coffer::test {

/// Keeps the log while it lives. Only to be read when no other thread logs.
class captured_log {
public:
    captured_log() { coffer::log::send_to(lines_); }
    captured_log(const captured_log&) = delete;
    captured_log& operator=(const captured_log&) = delete;
    ~captured_log() { coffer::log::start(); }

    [[nodiscard]] std::string text() const { return lines_.str(); }

private:
    std::ostringstream lines_;
};

}  // namespace coffer::test
