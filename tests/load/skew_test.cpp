#include "load/skew.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"

using namespace coffer::load;

namespace {

constexpr int draws = 200'000;

std::vector<int> drawn(skew chosen, std::size_t size) {
    random_source random{7};
    const place_picker picker{chosen, size};
    std::vector<int> counts(size);
    for (int i = 0; i != draws; ++i)
        ++counts.at(picker.pick(random));
    return counts;
}

}  // namespace

TEST_CASE("skew: zipf picks the n-th account as often as n to the minus s", "[load]") {
    const double exponent = GENERATE(0.5, 0.99, 1.0, 2.0);
    constexpr std::size_t size = 50;
    const auto counts = drawn({skew::kind::zipf, exponent}, size);
    double sum = 0;
    for (std::size_t i = 1; i <= size; ++i)
        sum += std::pow(i, -exponent);
    for (const std::size_t rank : {1U, 2U, 3U, 10U, 50U}) {
        const double expected = draws * std::pow(rank, -exponent) / sum;
        CAPTURE(exponent, rank);
        CHECK(std::abs(counts[rank - 1] - expected) < 5 * std::sqrt(expected));
    }
}

TEST_CASE("skew: uniform picks all alike, hot the first alone", "[load]") {
    for (const int count : drawn({}, 10))
        CHECK(std::abs(count - draws / 10) < 5 * std::sqrt(draws / 10));
    CHECK(drawn({skew::kind::hot, 0}, 10)[0] == draws);
}

TEST_CASE("skew: can do with one account", "[load]") {
    CHECK(drawn({skew::kind::zipf, 0.99}, 1)[0] == draws);
}

TEST_CASE("skew: is read", "[load]") {
    CHECK(skew::parse("uniform")->kind == skew::kind::uniform);
    CHECK(skew::parse("hot")->kind == skew::kind::hot);
    CHECK(skew::parse("zipf:0.99")->exponent == 0.99);
    for (const auto* const text : {"", "zipf", "zipf:", "zipf:0", "zipf:-1", "zipf:11", "zipf:nan"})
        CHECK_FALSE(skew::parse(text));
}
