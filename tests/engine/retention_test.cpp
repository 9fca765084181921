#include "engine/retention.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "engine/recovery.hpp"
#include "small_ledger.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/snapshot_file.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using namespace coffer;
using Catch::Matchers::StartsWith;
using test::captured_log;
using test::kept_in;
using test::small_ledger;
using test::to_text;
using test::truth_of;

namespace {

using pieces = std::vector<std::uint64_t>;

/// Posts, one posting an hour, until the journal has so many pieces.
void fill(small_ledger& kept, std::size_t count = 4) {
    while (kept.pieces().size() < count) {
        kept.deposit(10001, 1);
        kept.commit(1h);
    }
}

void take_snapshot_without_keys(small_ledger& kept) {
    kept.take_snapshot({}, kept.last_record() + 1);
}

void trim(small_ledger& kept, std::optional<std::chrono::nanoseconds> retain) {
    retention{
        kept.log(), kept.snapshots(), {retain, [&kept] { return kept.log().tail().running_ns; }}}
        .trim();
}

/// What is left of these pieces if all before this record is trimmed.
pieces left_of(const pieces& all, std::uint64_t before) {
    return {std::prev(std::ranges::upper_bound(all, before)), all.end()};
}

/// When the last batch before the piece was.
std::chrono::nanoseconds begin_of(small_ledger& kept, std::size_t index) {
    const auto from = kept.log().read_from(kept.pieces()[index]);
    return std::chrono::nanoseconds{from->position().running_ns};
}

void check_recovers(small_ledger& kept) {
    const captured_log log;
    CHECK(to_text(truth_of(*kept.recover().ledger)) == to_text(truth_of(kept.ledger())));
}

}  // namespace

TEST_CASE("retention: all is kept where nothing else is said", "[engine]") {
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    fill(kept);
    take_snapshot_without_keys(kept);
    const pieces before = kept.pieces();
    trim(kept, std::nullopt);
    CHECK(kept.pieces() == before);
}

TEST_CASE("retention: what no snapshot covers is kept", "[engine]") {
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    fill(kept);
    const pieces before = kept.pieces();
    trim(kept, 0ns);
    CHECK(kept.pieces() == before);
}

TEST_CASE("retention: what comes before the end of the snapshot goes", "[engine]") {
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    fill(kept);
    take_snapshot_without_keys(kept);
    kept.commit(1h);
    trim(kept, 0ns);
    CHECK(kept.pieces().size() == 1);
    CHECK(kept.log().first_record() == kept.pieces().front());
    check_recovers(kept);
}

TEST_CASE("retention: every snapshot that is kept can be recovered from", "[engine]") {
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    fill(kept, 4);
    take_snapshot_without_keys(kept);
    const std::uint64_t needed = kept.last_record() + 1;
    fill(kept, 6);
    take_snapshot_without_keys(kept);
    const pieces before = kept.pieces();
    trim(kept, 0ns);
    CHECK(kept.pieces() == left_of(before, needed));
    CHECK(kept.pieces().size() < before.size());
    CHECK(kept.pieces().size() >= 2);
    check_recovers(kept);
    fs::remove(kept.snapshot_file(2));
    check_recovers(kept);
}

TEST_CASE("retention: a snapshot that says nothing is of no account, and is named", "[engine]") {
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    fill(kept);
    take_snapshot_without_keys(kept);
    test::write_file(kept.snapshot_file(2), "{\"format\":1");
    kept.commit(1h);
    const captured_log log;
    trim(kept, 0ns);
    CHECK(kept.pieces().size() == 1);
    CHECK_THAT(log.text(),
               StartsWith("warning a snapshot is passed over: " + kept.snapshot_file(2).string()));
}

TEST_CASE("retention: what is younger than is asked for is kept", "[engine]") {
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    fill(kept, 6);
    take_snapshot_without_keys(kept);
    const pieces before = kept.pieces();
    // As old as the last batch in the third piece, which is then not older than that.
    const auto age = kept.now() - begin_of(kept, 3);
    trim(kept, age);
    CHECK(kept.pieces() == pieces{before.begin() + 2, before.end()});
    trim(kept, age - 1ns);
    CHECK(kept.pieces() == pieces{before.begin() + 3, before.end()});
    check_recovers(kept);
}

TEST_CASE("retention: keys that lived when a kept snapshot was taken are kept", "[engine]") {
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    fill(kept, 6);
    const pieces before = kept.pieces();
    kept.take_snapshot({}, before[3]);
    take_snapshot_without_keys(kept);
    trim(kept, 0ns);
    CHECK(kept.pieces() == pieces{before.begin() + 3, before.end()});
    fs::remove(kept.snapshot_file(1));
    kept.commit(1h);
    trim(kept, 0ns);
    CHECK(kept.pieces().size() == 1);
    check_recovers(kept);
}

TEST_CASE("retention: nothing goes while the newest snapshot is damaged", "[engine]") {
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    fill(kept);
    take_snapshot_without_keys(kept);
    const pieces before = kept.pieces();
    // An account's line, not what the snapshot says of itself.
    std::string text = test::read_file(kept.snapshot_file(1));
    const std::size_t at = text.find("10005");
    REQUIRE(at != std::string::npos);
    text[at + 4] = '6';
    test::write_file(kept.snapshot_file(1), text);
    const captured_log log;
    trim(kept, 0ns);
    CHECK(kept.pieces() == before);
    CHECK_THAT(log.text(), StartsWith("error the journal is not trimmed: " +
                                      kept.snapshot_file(1).string() + ": is damaged"));
}

TEST_CASE("retention: a clock that went back does not make what is old young", "[engine]") {
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    fill(kept, 6);
    take_snapshot_without_keys(kept);
    const pieces before = kept.pieces();
    const auto reached = std::chrono::nanoseconds{kept.log().running_ns_reached()};
    const auto age = reached - begin_of(kept, 3);
    const auto trim_at_no_time = [&kept](std::chrono::nanoseconds retain) {
        retention{kept.log(), kept.snapshots(), {retain, [] { return std::uint64_t{0}; }}}.trim();
    };
    trim_at_no_time(age);
    CHECK(kept.pieces() == pieces{before.begin() + 2, before.end()});
    trim_at_no_time(age - 1ns);
    CHECK(kept.pieces() == pieces{before.begin() + 3, before.end()});
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
