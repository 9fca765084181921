#include "ops/tally.hpp"

#include <atomic>
#include <numeric>
#include <string>
#include <thread>

#include "catch.hpp"
#include "ops/metric_text.hpp"

using namespace coffer;

namespace {

constexpr std::array<std::uint64_t, 3> bounds{10, 20, 30};

std::string text_of(const tally_histogram<bounds>& one) {
    histogram_sum<bounds> sum;
    sum.add(one);
    std::string out;
    append_histogram(out, "x", "Help.", sum, 10);
    return out;
}

}  // namespace

TEST_CASE("histogram: a value is counted in the first bucket that has it", "[ops]") {
    tally_histogram<bounds> one;
    for (const std::uint64_t value : {0, 10, 11, 30, 31})
        one.record(value);
    one.record(20, 3);
    CHECK(text_of(one) ==
          "# HELP x Help.\n# TYPE x histogram\n"
          "x_bucket{le=\"1\"} 2\nx_bucket{le=\"2\"} 6\nx_bucket{le=\"3\"} 7\n"
          "x_bucket{le=\"+Inf\"} 8\nx_sum 14.2\nx_count 8\n");
}

TEST_CASE("histogram: its buckets agree with its count while it is written", "[ops]") {
    tally_histogram<bounds> one;
    std::atomic<bool> ends{false};
    std::thread writer{[&] {
        for (std::uint64_t value = 0; !ends; ++value)
            one.record(value % 40);
    }};
    bool agree = true;
    for (int i = 0; i != 200; ++i) {
        const std::string text = text_of(one);
        const auto after = [&text](const std::string& name) {
            return text.substr(text.find(name) + name.size(),
                               text.find('\n', text.find(name)) - text.find(name) - name.size());
        };
        agree = agree && after("le=\"+Inf\"} ") == after("x_count ");
        agree = agree && std::stoull(after("le=\"3\"} ")) <= std::stoull(after("x_count "));
    }
    ends = true;
    writer.join();
    CHECK(agree);
}

TEST_CASE("latency: the bounds rise, and begin at 50 us", "[ops]") {
    CHECK(std::ranges::is_sorted(latency_bounds));
    CHECK(latency_bounds.front() == 50'000);
    CHECK(latency_ns(std::chrono::nanoseconds{-1}) == 0);
}
