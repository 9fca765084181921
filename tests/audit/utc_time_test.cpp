#include "audit/utc_time.hpp"

#include "catch.hpp"

using namespace coffer::audit;

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
                                   "2026-11-23T15:00:00.Z",
                                   "2026-11-23T15:00:00.1234567890Z",
                                   "2026-11-23T15:00:00Z ",
                                   "2026-11-23T15:00:00+1:00",
                                   "2026-11-23T15:00:00+24:00",
                                   "1969-12-31",
                                   "1970-01-01T00:00:00+00:01",
                                   "2262-01-01",
                                   "+026-11-23",
                                   "yesterday"}) {
        INFO(text);
        REQUIRE_FALSE(parse_utc_text(text));
    }
}
