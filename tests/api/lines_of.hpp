// Takes a body of newline-delimited JSON apart.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "catch.hpp"

namespace coffer::test {

/// The lines without their ends. Each has one.
inline std::vector<std::string> lines_of(const std::string& body) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at != body.size();) {
        const std::size_t end = body.find('\n', at);
        REQUIRE(end != std::string::npos);
        lines.push_back(body.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

}  // namespace coffer::test
