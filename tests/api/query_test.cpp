#include "api/query.hpp"

#include <string>

#include "catch.hpp"

using coffer::api::problem;
using coffer::api::query_value;

namespace {

/// A query read with the names `limit` and `after`.
struct page_query {
    static constexpr std::array<std::string_view, 2> names{"limit", "after"};
    std::array<query_value, 2> values;
    coffer::api::query_problem wrong;

    explicit page_query(std::string_view query)
        : wrong{coffer::api::read_query(query, names, values)} {}
    [[nodiscard]] std::string text(std::size_t which) const {
        REQUIRE(wrong.problem == problem::none);
        return values[which].is_present() ? std::string{values[which].text()} : "none";
    }
};

}  // namespace

TEST_CASE("read_query: finds the parameters it is asked for, in any order", "[api]") {
    CHECK(page_query{"limit=5&after=7"}.text(0) == "5");
    CHECK(page_query{"limit=5&after=7"}.text(1) == "7");
    CHECK(page_query{"after=7&x=1&limit=5&"}.text(0) == "5");
    CHECK(page_query{""}.text(0) == "none");
    CHECK(page_query{"limit="}.text(0).empty());
    CHECK(page_query{"limit"}.text(0).empty());
    CHECK(page_query{"&&limit=a=b&&"}.text(0) == "a=b");
}

TEST_CASE("read_query: ignores parameters of other names, whatever they are", "[api]") {
    for (const char* const query :
         {"limits=1", "LIMIT=1", "=1", "x=%", "%=1", "limit%=1", "li%6", "x=1&x=2", "?limit=1"})
        CHECK(page_query{query}.text(0) == "none");
}

TEST_CASE("read_query: decodes names and values once, and leaves a plus sign", "[api]") {
    CHECK(page_query{"%6Cimit=%31%2B+%2531"}.text(0) == "1++%31");
    CHECK(page_query{"limit=%26after%3D1"}.text(0) == "&after=1");
    CHECK(page_query{"limit=%26after%3D1"}.text(1) == "none");
}

TEST_CASE("read_query: refuses malformed values of its parameters, by name", "[api]") {
    for (const char* const value : {"%", "1%", "%4", "%4x", "%x4"}) {
        CAPTURE(value);
        const page_query read{"limit=1&after=" + std::string{value}};
        CHECK(read.wrong.problem == problem::parameter_invalid);
        CHECK(read.wrong.name == "after");
    }
    const std::string longest(query_value::max_bytes, '1');
    CHECK(page_query{"limit=" + longest}.text(0) == longest);
    CHECK(page_query{"limit=" + longest + "1"}.wrong.problem == problem::parameter_invalid);
}

TEST_CASE("read_query: refuses a parameter that appears twice, even in two spellings", "[api]") {
    for (const char* const query : {"limit=1&limit=1", "limit&limit", "limit=1&x=2&%6cimit=1"}) {
        const page_query read{query};
        CHECK(read.wrong.problem == problem::parameter_twice);
        CHECK(read.wrong.name == "limit");
    }
}
