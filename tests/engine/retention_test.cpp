#include "engine/retention.hpp"

#include <string>

#include "catch.hpp"
#include "engine/recovery.hpp"
#include "journal/segment_reader.hpp"
#include "small_ledger.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/snapshot_file.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using namespace coffer;
using Catch::Matchers::StartsWith;
using test::captured_log;
using test::small_ledger;
using test::to_text;
using test::truth_of;

namespace {

/// A ledger whose journal has four segments and more, one an hour at least.
void fill(small_ledger& kept, std::size_t segments = 4) {
    while (kept.segments().size() < segments)
        kept.post_much(40, 1h);
}

void take_snapshot_without_keys(small_ledger& kept) {
    kept.take_snapshot({}, kept.last_record() + 1);
}

void trim(small_ledger& kept, std::optional<std::chrono::nanoseconds> retain) {
    retention{kept.storage(),
              kept.log(),
              kept.where().snapshots(),
              {retain, [&kept] { return kept.log().tail().running_ns; }}}
        .trim();
}

/// When the last batch before the segment was.
std::chrono::nanoseconds begin_of(small_ledger& kept, std::size_t index) {
    const auto first = journal::list_segments(kept.storage())[index];
    return std::chrono::nanoseconds{
        journal::segment_reader{kept.storage(), first}.header().before.running_ns};
}

void check_recovers(small_ledger& kept) {
    const captured_log log;
    CHECK(to_text(truth_of(*recover(kept.where(), 0ns, {}).ledger)) ==
          to_text(truth_of(kept.ledger())));
}

}  // namespace

TEST_CASE("retention: all is kept where nothing else is said", "[engine]") {
    small_ledger kept;
    fill(kept);
    take_snapshot_without_keys(kept);
    trim(kept, std::nullopt);
    CHECK(kept.segments().size() == 4);
}

TEST_CASE("retention: what no snapshot covers is kept", "[engine]") {
    small_ledger kept;
    fill(kept);
    trim(kept, 0ns);
    CHECK(kept.segments().size() == 4);
}

TEST_CASE("retention: the segments before the one that the snapshot ends in go", "[engine]") {
    small_ledger kept;
    fill(kept);
    take_snapshot_without_keys(kept);
    const fs::path last = kept.segments().back();
    kept.commit(1h);
    trim(kept, 0ns);
    CHECK(kept.segments() == std::vector<fs::path>{last});
    check_recovers(kept);
}

TEST_CASE("retention: every snapshot that is kept can be recovered from", "[engine]") {
    small_ledger kept;
    fill(kept, 2);
    take_snapshot_without_keys(kept);
    const fs::path needed = kept.segments().back();
    fill(kept, 4);
    take_snapshot_without_keys(kept);
    trim(kept, 0ns);
    CHECK(kept.segments().front() == needed);
    CHECK(kept.segments().size() == 3);
    check_recovers(kept);
    fs::remove(kept.snapshot_file(2));
    check_recovers(kept);
}

TEST_CASE("retention: a snapshot that says nothing is of no account, and is named", "[engine]") {
    small_ledger kept;
    fill(kept);
    take_snapshot_without_keys(kept);
    test::write_file(kept.snapshot_file(2), "{\"format\":1");
    kept.commit(1h);
    const captured_log log;
    trim(kept, 0ns);
    CHECK(kept.segments().size() == 1);
    CHECK_THAT(log.text(),
               StartsWith("warning a snapshot is passed over: " + kept.snapshot_file(2).string()));
}

TEST_CASE("retention: what is younger than is asked for is kept", "[engine]") {
    small_ledger kept;
    fill(kept, 6);
    take_snapshot_without_keys(kept);
    const std::vector<fs::path> before = kept.segments();
    // As old as the last batch in the third segment, which is then not older than that.
    const auto age = kept.now() - begin_of(kept, 3);
    trim(kept, age);
    CHECK(kept.segments() == std::vector<fs::path>{before.begin() + 2, before.end()});
    trim(kept, age - 1ns);
    CHECK(kept.segments() == std::vector<fs::path>{before.begin() + 3, before.end()});
    check_recovers(kept);
}

TEST_CASE("retention: keys that lived when a kept snapshot was taken are kept", "[engine]") {
    small_ledger kept;
    fill(kept, 6);
    const std::vector<std::uint64_t> first = journal::list_segments(kept.storage());
    const std::vector<fs::path> before = kept.segments();
    kept.take_snapshot({}, first[3]);
    take_snapshot_without_keys(kept);
    trim(kept, 0ns);
    CHECK(kept.segments() == std::vector<fs::path>{before.begin() + 3, before.end()});
    fs::remove(kept.snapshot_file(1));
    kept.commit(1h);
    trim(kept, 0ns);
    CHECK(kept.segments() == std::vector<fs::path>{before.back()});
    check_recovers(kept);
}

TEST_CASE("retention: nothing goes while the newest snapshot is damaged", "[engine]") {
    small_ledger kept;
    fill(kept);
    take_snapshot_without_keys(kept);
    const std::vector<fs::path> before = kept.segments();
    // An account's line, not what the snapshot says of itself.
    std::string text = test::read_file(kept.snapshot_file(1));
    const std::size_t at = text.find("10005");
    REQUIRE(at != std::string::npos);
    text[at + 4] = '6';
    test::write_file(kept.snapshot_file(1), text);
    const captured_log log;
    trim(kept, 0ns);
    CHECK(kept.segments() == before);
    CHECK_THAT(log.text(), StartsWith("error the journal is not trimmed: " +
                                      kept.snapshot_file(1).string() + ": is damaged"));
}

TEST_CASE("retention: a clock that went back does not make what is old young", "[engine]") {
    small_ledger kept;
    while (kept.segments().size() != 4) {
        kept.deposit(10001, 1);
        kept.commit(1h);
    }
    take_snapshot_without_keys(kept);
    const std::vector<fs::path> before = kept.segments();
    const auto age = begin_of(kept, 3) - begin_of(kept, 1);
    const auto trim_at_no_time = [&kept](std::chrono::nanoseconds retain) {
        retention{kept.storage(),
                  kept.log(),
                  kept.where().snapshots(),
                  {retain, [] { return std::uint64_t{0}; }}}
            .trim();
    };
    trim_at_no_time(age);
    CHECK(kept.segments() == before);
    trim_at_no_time(age - 1ns);
    CHECK(kept.segments() == std::vector<fs::path>{before.begin() + 1, before.end()});
    check_recovers(kept);
}

TEST_CASE("retention: what fails is logged", "[engine]") {
    small_ledger kept;
    fill(kept);
    take_snapshot_without_keys(kept);
    const fs::path last = kept.segments().back();
    fs::resize_file(last, 100);
    const captured_log log;
    trim(kept, 0ns);
    CHECK_THAT(log.text(),
               StartsWith("error the journal is not trimmed: " + last.string() + ", offset 100: "));
    CHECK(kept.segments().size() == 4);
}
