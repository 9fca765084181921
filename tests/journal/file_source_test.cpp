#include "journal/file_source.hpp"

#include <memory>

#include "batches.hpp"
#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/file_log.hpp"
#include "opened_log.hpp"

using coffer::test::Contains;
using coffer::test::deposits;
using coffer::test::faulty_storage;
using coffer::test::opened_log;
using namespace coffer::journal;

namespace {

/// A journal of segments of 8 KiB, with a batch of ten deposits every 100 ns.
struct some_files {
    some_files() {
        const auto log = opened_log(disk, {.segment_bytes = 8192});
        ledger = log->ledger();
        deposits made;
        while (list_segments(disk).size() != 4)
            made.append(*log, 10, now_ns += 100);
        last_record = log->tail().next_record - 1;
    }
    faulty_storage disk;
    coffer::ledger_id ledger{};
    std::uint64_t now_ns = 0;
    std::uint64_t last_record = 0;
};

}  // namespace

TEST_CASE("file source: knows the ledger and its first record", "[journal]") {
    some_files kept;
    const file_source source{kept.disk};
    CHECK(source.ledger() == kept.ledger);
    CHECK(source.first_record() == 1);
    REQUIRE(opened_log(kept.disk, {.segment_bytes = 8192})->trim(kept.last_record));
    CHECK(source.first_record() == list_segments(kept.disk).front());
    CHECK(source.first_record() > 1);
}

TEST_CASE("file source: the first record as of a time begins the segment with that time in it",
          "[journal]") {
    const some_files kept;
    const file_source source{kept.disk};
    const auto segments = list_segments(kept.disk);
    // Ten records a batch, and 100 ns from one to the next.
    const auto time_of = [](std::uint64_t record) { return (record + 9) / 10 * 100; };
    CHECK(source.first_record_as_of(0) == 1);
    CHECK(source.first_record_as_of(time_of(segments[1]) - 100) == 1);
    CHECK(source.first_record_as_of(time_of(segments[1])) == segments[1]);
    CHECK(source.first_record_as_of(time_of(segments[3]) - 100) == segments[2]);
    CHECK(source.first_record_as_of(kept.now_ns * 2) == segments[3]);
    CHECK(source.running_ns_reached() == time_of(segments[3]) - 100);
}

TEST_CASE("file source: a cursor passes the bytes that were announced, nearly", "[journal]") {
    const some_files kept;
    const file_source source{kept.disk};
    CHECK(source.bytes_from(1) == 4 * 8192);
    CHECK(source.bytes_from(list_segments(kept.disk)[2] + 1) == 2 * 8192);
    const auto from = source.read_from(list_segments(kept.disk)[2] + 1);
    std::uint64_t before = 0;
    while (from->next()) {
        CHECK(from->bytes_passed() > before);
        before = from->bytes_passed();
    }
    CHECK(from->bytes_passed() > 8192 + 4096);
    CHECK(from->bytes_passed() <= 2 * 8192);
    CHECK(from->position().next_record == kept.last_record + 1);
    CHECK(from->stamp().running_ns == kept.now_ns);
    CHECK(from->unfinished().empty());
}

TEST_CASE("file source: where there is no segment there is no journal", "[journal]") {
    const faulty_storage disk;
    const file_source source{disk};
    CHECK_THROWS_WITH(source.ledger(), Contains("there is no segment of a journal here"));
    CHECK_THROWS_AS(source.first_record(), journal_error);
}
