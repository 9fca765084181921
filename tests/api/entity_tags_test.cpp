#include "api/entity_tags.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"

using coffer::api::expected_sequences;
using coffer::api::matches_weakly;

namespace {

bool allows(std::string_view field, std::uint64_t sequence) {
    expected_sequences expected;
    REQUIRE(expected.read(field));
    return expected.condition().allows(sequence);
}

bool is_malformed(std::string_view field) {
    return !expected_sequences{}.read(field);
}

}  // namespace

TEST_CASE("entity tags: without a field every sequence is expected", "[api]") {
    CHECK(expected_sequences{}.condition().allows(1));
    CHECK(allows("*", 7));
    CHECK(allows(" *", 7));
}

TEST_CASE("entity tags: a list expects its sequences, by strong comparison", "[api]") {
    CHECK(allows("\"5\"", 5));
    CHECK_FALSE(allows("\"5\"", 6));
    CHECK(allows("\"4\",\"5\" ,\t\"6\"", 5));
    CHECK(allows(",, \"5\",", 5));
    CHECK_FALSE(allows("W/\"5\"", 5));
    CHECK(allows("W/\"5\", \"5\"", 5));
    CHECK_FALSE(allows("\"05\"", 5));
    CHECK_FALSE(allows("\"\"", 0));
    CHECK_FALSE(allows("\"0\"", 0));
    CHECK_FALSE(allows("\"another\"", 5));
}

TEST_CASE("entity tags: what is no list of tags is malformed", "[api]") {
    for (const char* const field : {"5", "\"5", "5\"", "W/5", "w/\"5\"", "\"5\"x", "\"5\" \"6\"",
                                    "*,\"5\"", "\"5\",*", "**", "\"a b\"", "\"\x7f\""})
        CHECK(is_malformed(field));
    for (const char* const field : {"\"\"", "\"!~\xff\"", ",", "\"a,b\",\"5\""})
        CHECK_FALSE(is_malformed(field));
}

TEST_CASE("entity tags: so many tags are read, and no more", "[api]") {
    std::string field = "\"1\"";
    for (std::size_t i = 1; i != expected_sequences::max_tags; ++i)
        field += ",\"" + std::to_string(i + 1) + '"';
    CHECK(allows(field, 16));
    CHECK_FALSE(is_malformed(field + ",\"other\",W/\"20\""));
    CHECK(is_malformed(field + ",\"17\""));
}

TEST_CASE("entity tags: If-None-Match is compared weakly, and a malformed one matches nothing",
          "[api]") {
    CHECK(matches_weakly("*", 5));
    CHECK(matches_weakly("\"5\"", 5));
    CHECK(matches_weakly("W/\"5\"", 5));
    CHECK(matches_weakly("\"4\", W/\"5\"", 5));
    CHECK_FALSE(matches_weakly("", 5));
    CHECK_FALSE(matches_weakly("\"4\"", 5));
    CHECK_FALSE(matches_weakly("\"5\", 6", 5));
    CHECK_FALSE(matches_weakly("5", 5));
}
