// Catch2 2 and 3 under one include. Matchers are taken from Catch::Matchers, where both have them,
// but for Contains.
#pragma once

#include <string>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

namespace coffer::test {

/// Matches a text that has `part` in it. Catch2 3 means something else by Contains.
inline auto Contains(const std::string& part) {
#if __has_include(<catch2/catch_all.hpp>)
    return Catch::Matchers::ContainsSubstring(part);
#else
    return Catch::Matchers::Contains(part);
#endif
}

}  // namespace coffer::test
