#include "load/latencies.hpp"

#include <cmath>
#include <cstdlib>

#include "catch.hpp"
#include "load/hdr_text.hpp"

using namespace coffer::load;
using coffer::test::Contains;

TEST_CASE("latency_axis: has every value in a bin, to a thousandth of it", "[load]") {
    constexpr latency_axis axis;
    for (std::uint64_t value = 0; value < std::uint64_t{1} << 41; value += value / 777 + 1) {
        const int bin = axis.index(value);
        REQUIRE(axis.value(bin) <= value);
        REQUIRE(axis.highest(bin) >= value);
        REQUIRE(axis.highest(bin) - value <= value / 1000);
        REQUIRE(axis.index(axis.highest(bin) + 1) == bin + 1);
    }
    CHECK(axis.index(UINT64_MAX) == axis.size() - 1);
}

TEST_CASE("latencies: finds the percentiles and the exact maximum", "[load]") {
    latencies spread;
    for (std::int64_t i = 1; i <= 10'000; ++i)
        spread.add(i * 1000);
    CHECK(spread.count() == 10'000);
    CHECK(spread.max_ns() == 10'000'000);
    CHECK(spread.percentile_ns(100) == 10'000'000);
    CHECK(std::abs(spread.percentile_ns(50) - 5'000'000) <= 5'000);
    CHECK(std::abs(spread.percentile_ns(99.99) - 9'999'000) <= 10'000);
    CHECK(spread.percentile_ns(0) == 1000);
    CHECK(std::abs(spread.mean_ns() - 5'000'500) < 5'000);
    CHECK(std::abs(spread.deviation_ns() - 2'886'751) < 5'000);
}

TEST_CASE("latencies: add up", "[load]") {
    latencies one;
    latencies two;
    one.add(5);
    two.add(7);
    two.add(1'000'000);
    one += two;
    CHECK(one.count() == 3);
    CHECK(one.percentile_ns(50) == 7);
    CHECK(one.max_ns() == 1'000'000);
    CHECK(latencies{}.percentile_ns(99) == 0);
}

TEST_CASE("hdr_text: writes HdrHistogram's percentile text in milliseconds", "[load]") {
    latencies spread;
    for (std::int64_t i = 1; i <= 1000; ++i)
        spread.add(i * 1'000'000);
    const std::string text = hdr_text(spread);
    CHECK_THAT(text, Contains("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
    CHECK_THAT(text, Contains(" 0.500000000000        500           2.00\n"));
    CHECK_THAT(text, Contains("    1000.000 1.000000000000       1000\n"));
    CHECK_THAT(text, Contains("#[Max     =     1000.000, Total count    =         1000]\n"));
    CHECK_THAT(hdr_text({}), Contains("Total count    =            0]"));
}
