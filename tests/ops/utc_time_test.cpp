#include "ops/utc_time.hpp"

#include <cstdint>
#include <string>

#include "catch.hpp"

using namespace coffer;

TEST_CASE("utc time: is RFC 3339 to the nanosecond", "[audit]") {
    REQUIRE(to_utc_text(0) == "1970-01-01T00:00:00.000000000Z");
    REQUIRE(to_utc_text(951'782'400'000'000'001U) == "2000-02-29T00:00:00.000000001Z");
    REQUIRE(to_utc_text(1'795'446'000'123'456'789U) == "2026-11-23T15:00:00.123456789Z");
}

TEST_CASE("utc time: text is read back as what it was made of", "[audit]") {
    for (const std::uint64_t time_ns : {std::uint64_t{0}, std::uint64_t{1'795'446'000'123'456'789U},
                                        std::uint64_t{9'214'646'400'000'000'000U - 1}})
        REQUIRE(parse_utc_text(to_utc_text(time_ns)) == time_ns);
}

TEST_CASE("utc time: a date is its midnight", "[audit]") {
    REQUIRE(parse_utc_text("2026-11-23") == parse_utc_text("2026-11-23T00:00:00Z"));
    REQUIRE(parse_utc_text("1970-01-02") == 86'400'000'000'000U);
}

TEST_CASE("utc time: reads decimals and offsets", "[audit]") {
    const auto moment = parse_utc_text("2026-11-23T15:00:00.5Z");
    REQUIRE(moment == 1'795'446'000'500'000'000U);
    REQUIRE(parse_utc_text("2026-11-23T16:30:00.500+01:30") == moment);
    REQUIRE(parse_utc_text("2026-11-22T23:00:00.500000000-16:00") == moment);
    REQUIRE(parse_utc_text("2026-11-23 15:00:00.5z") == moment);
}

TEST_CASE("utc time: refuses what is neither a date nor a moment", "[audit]") {
    for (const char* const text : {"",
                                   "2026",
                                   "2026-11",
                                   "2026-13-01",
                                   "2026-02-29",
                                   "2026-11-23T",
                                   "2026-11-23T15:00Z",
                                   "2026-11-23T15:00:00",
                                   "2026-11-23T24:00:00Z",
                                   "2026-11-23T15:60:00Z",
                                   "2026-11-23T15:00:60Z",
                                   "2016-12-31T23:59:61Z",
                                   "2016-12-30T23:59:60Z",
                                   "2016-12-31T22:59:60Z",
                                   "2016-12-31T23:59:60+01:00",
                                   "2026-11-23T15:00:00.Z",
                                   "2026-11-23T15:00:00.12345x67890Z",
                                   "2026-11-23T15:00:00Z ",
                                   "2026-11-23T15:00:00+1:00",
                                   "2026-11-23T15:00:00+24:00",
                                   "0000-01-01",
                                   "10000-01-01",
                                   "0001-02-29",
                                   "-001-01-01",
                                   "+026-11-23",
                                   "yesterday"}) {
        INFO(text);
        REQUIRE_FALSE(parse_utc_text(text));
    }
}

TEST_CASE("utc time: reads moments from the year 0001 to 9999, the nearest where there is none",
          "[audit]") {
    for (const char* const text : {"0001-01-01", "0001-01-01T00:00:00+23:59", "1969-12-31",
                                   "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00+00:01"}) {
        INFO(text);
        REQUIRE(parse_utc_text(text) == 0U);
    }
    REQUIRE(parse_utc_text("1969-12-31T23:00:00-01:00") == 0U);
    REQUIRE(parse_utc_text("1969-12-31T23:00:01-01:00") == 1'000'000'000U);
    REQUIRE(parse_utc_text("2262-04-11T23:47:16.854775808Z") == 9'223'372'036'854'775'808U);
    REQUIRE(parse_utc_text("2500-01-01") == 16'725'225'600'000'000'000U);
    for (const char* const text : {"2555-01-01", "9999-12-31T23:59:59.9999999999Z",
                                   "9999-12-31T23:59:60Z", "9999-12-31T23:59:59-23:59"}) {
        INFO(text);
        REQUIRE(parse_utc_text(text) == UINT64_MAX);
    }
}

TEST_CASE("utc time: a leap second is the second after it", "[audit]") {
    const auto next = parse_utc_text("2017-01-01T00:00:00Z");
    REQUIRE(parse_utc_text("2016-12-31T23:59:60Z") == next);
    REQUIRE(parse_utc_text("2016-12-31t23:59:60z") == next);
    REQUIRE(parse_utc_text("2016-12-31T15:59:60-08:00") == next);
    REQUIRE(parse_utc_text("2017-01-01T05:29:60+05:30") == next);
    REQUIRE(parse_utc_text("2016-12-31T23:59:60.25Z") == *next + 250'000'000);
    REQUIRE(parse_utc_text("2015-06-30T23:59:60Z") == parse_utc_text("2015-07-01"));
}

TEST_CASE("utc time: reads any number of decimals, rounded up to the nanosecond", "[audit]") {
    const auto second = parse_utc_text("2026-11-23T15:00:00Z");
    const auto next = parse_utc_text("2026-11-23T15:00:01Z");
    const auto with = [](const std::string& decimals) {
        return parse_utc_text("2026-11-23T15:00:00." + decimals + "Z");
    };
    REQUIRE(with("0") == second);
    REQUIRE(with(std::string(1000, '0')) == second);
    REQUIRE(with(std::string(1000, '0') + "1") == *second + 1);
    REQUIRE(with("1234567890") == *second + 123'456'789);
    REQUIRE(with("1234567891") == *second + 123'456'790);
    REQUIRE(with("9999999999") == next);
}
