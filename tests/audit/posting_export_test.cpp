#include "audit/posting_export.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>

#include "catch.hpp"
#include "journal/journal_error.hpp"
#include "planted_data.hpp"

using coffer::journal::first_line;
using coffer::journal::line_format;
using coffer::test::planted_data;
using namespace coffer::audit;

namespace {

std::string exported(const planted_data& data, const export_selection& wanted = {}) {
    std::string all;
    export_postings(
        data_files::in(data.path()), line_format::csv, wanted,
        [&all](std::string_view lines) { all += lines; }, [] {});
    return all;
}

std::ptrdiff_t postings(const std::string& csv) {
    return std::ranges::count(csv, '\n') - 1;
}

void fill(planted_data& data) {
    data.open(7, 10'000);
    data.open(9, 0);
    data.commit(1'000'000'000);
    data.deposit(7, 250, "key-2");
    data.refuse(9, "key-3");
    data.withdraw(7, 100);
    data.commit(2'000'000'000);
    data.transfer(7, 9, 300, "key,4");
    data.commit(3'000'000'000);
}

const std::string heading{first_line(line_format::csv)};
const std::string first_batch =
    "1,1970-01-01T00:00:01.000000000Z,7,1,opening,,100.0,100.0,,,,\n"
    "2,1970-01-01T00:00:01.000000000Z,9,1,opening,,0.0,0.0,,,,\n";
const std::string second_batch =
    "3,1970-01-01T00:00:02.000000000Z,7,2,deposit,,2.5,102.5,key-2,,,\n"
    "5,1970-01-01T00:00:02.000000000Z,7,3,withdrawal,,1.0,101.5,,,,\n";
const std::string third_batch =
    "6,1970-01-01T00:00:03.000000000Z,7,4,transfer_out,9,3.0,98.5,\"key,4\",,,\n"
    "6,1970-01-01T00:00:03.000000000Z,9,2,transfer_in,7,3.0,3.0,\"key,4\",,,\n";

}  // namespace

TEST_CASE("export: has every posting in the order of the journal, a transfer as two", "[audit]") {
    planted_data data;
    fill(data);
    data.close();
    REQUIRE(exported(data) == heading + first_batch + second_batch + third_batch);
}

TEST_CASE("export: has the postings of one account alone, if that is wanted", "[audit]") {
    planted_data data;
    fill(data);
    REQUIRE(exported(data, {.account = 9}) ==
            heading + "2,1970-01-01T00:00:01.000000000Z,9,1,opening,,0.0,0.0,,,,\n" +
                third_batch.substr(third_batch.find('\n') + 1));
    REQUIRE(exported(data, {.account = 10}) == heading);
}

TEST_CASE("export: has the moment that it begins with, and not the one that it ends with",
          "[audit]") {
    planted_data data;
    fill(data);
    constexpr std::uint64_t s = 1'000'000'000;
    constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
    REQUIRE(exported(data, {0, 2 * s, 3 * s}) == heading + second_batch);
    REQUIRE(exported(data, {0, 2 * s, never}) == heading + second_batch + third_batch);
    REQUIRE(exported(data, {0, 2 * s + 1, never}) == heading + third_batch);
    REQUIRE(exported(data, {0, 0, 2 * s}) == heading + first_batch);
    REQUIRE(exported(data, {0, 3 * s + 1, never}) == heading);
}

TEST_CASE("export: finds a moment in a journal of many segments", "[audit]") {
    planted_data data;
    data.open(7, 0);
    data.commit(1);
    std::uint64_t time_ns = 2;
    for (; data.segments().size() != 5; ++time_ns) {
        for (int i = 0; i != 10; ++i)
            data.deposit(7, 1);
        data.commit(time_ns);
    }
    for (std::uint64_t since = 2; since != time_ns; ++since) {
        INFO(since);
        REQUIRE(postings(exported(data, {.since_ns = since})) ==
                static_cast<std::int64_t>(time_ns - since) * 10);
    }
}

TEST_CASE("export: what comes before damage is there", "[audit]") {
    planted_data data;
    fill(data);
    constexpr std::size_t second_at = 4'096 + 64 + 80;
    planted_data::flip(data.segment(1), second_at + 60);
    std::string all;
    REQUIRE_THROWS_AS(export_postings(
                          data_files::in(data.path()), line_format::csv, {},
                          [&all](std::string_view lines) { all += lines; }, [] {}),
                      coffer::journal::journal_error);
    REQUIRE(all == heading + first_batch);
}

TEST_CASE("export: refuses a journal without a segment, and hands nothing on", "[audit]") {
    planted_data data;
    for (const std::uint64_t first_record : data.segments())
        std::filesystem::remove(data.segment(first_record));
    std::string all;
    REQUIRE_THROWS_WITH(export_postings(
                            data_files::in(data.path()), line_format::csv, {},
                            [&all](std::string_view lines) { all += lines; }, [] {}),
                        coffer::test::Contains("the journal has no segment"));
    REQUIRE(all.empty());
}

TEST_CASE("export: begins again when its next segment is trimmed before a line is out", "[audit]") {
    planted_data data;
    data.open(7, 0);
    data.commit(1);
    for (std::uint64_t time_ns = 2; data.segments().size() != 3; ++time_ns) {
        data.deposit(7, 1);
        data.commit(time_ns);
    }
    const auto segments = data.segments();
    // What is removed last is missed first here, as by a reader that is in the first by then.
    std::filesystem::remove(data.segment(segments[1]));
    int waits = 0;
    std::string all;
    export_postings(
        data_files::in(data.path()), line_format::csv, {},
        [&all](std::string_view lines) { all += lines; },
        [&] {
            if (waits++ == 0)
                std::filesystem::remove(data.segment(segments[0]));
        });
    REQUIRE(waits != 0);
    REQUIRE_THAT(all, Catch::Matchers::StartsWith(heading + std::to_string(segments[2]) + ','));
    REQUIRE(postings(all) == static_cast<std::int64_t>(data.last_record() - segments[2] + 1));
}

TEST_CASE("export: says that the server trims once a line is out", "[audit]") {
    planted_data data{131'072};
    data.open(7, 0);
    data.commit(1);
    for (std::uint64_t time_ns = 2; data.segments().size() != 8; ++time_ns) {
        for (int i = 0; i != 100; ++i)
            data.deposit(7, 1);
        data.commit(time_ns);
    }
    std::string all;
    REQUIRE_THROWS_MATCHES(
        export_postings(
            data_files::in(data.path()), line_format::csv, {},
            [&](std::string_view lines) {
                all += lines;
                static_cast<void>(data.log().trim(data.segments().back()));
            },
            [] {}),
        data_error,
        Catch::Matchers::Message(data.path().string() +
                                 ": its journal was trimmed by the server while it was exported: "
                                 "what comes after record " +
                                 std::to_string(postings(all)) + " is missing"));
    REQUIRE(all.ends_with('\n'));
    REQUIRE(postings(all) < static_cast<std::int64_t>(data.last_record()));
}
