#include "journal/file_log.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "batches.hpp"
#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/journal_error.hpp"
#include "journal/little_endian.hpp"
#include "opened_log.hpp"

using coffer::ledger_id;
using coffer::money;
using coffer::test::deposits;
using coffer::test::faulty_storage;
using coffer::test::opened_log;
using namespace coffer::journal;

namespace {

constexpr file_log::options small{.segment_bytes = 8'192};

const std::string first_segment = segment_name(1);

}  // namespace

TEST_CASE("file_log: goes on where it was left", "[journal]") {
    faulty_storage disk;
    deposits some;
    auto log = opened_log(disk, small);
    const ledger_id ledger = log->ledger();
    REQUIRE(log->tail() == batch_position{1, first_chain(ledger), 0});
    some.append(*log, 3, 1'000);
    const batch_position left = log->tail();
    REQUIRE(left.next_record == 4);
    log = opened_log(disk, small);
    REQUIRE(log->ledger() == ledger);
    REQUIRE(log->tail() == left);
    REQUIRE_FALSE(log->torn());
    some.append(*log, 1);
    REQUIRE(log->tail().next_record == 5);
    REQUIRE(log->tail().time_ns == 1'000);
}

TEST_CASE("file_log: two journals are of two ledgers", "[journal]") {
    faulty_storage one;
    faulty_storage other;
    REQUIRE(opened_log(one, small)->ledger() != opened_log(other, small)->ledger());
}

TEST_CASE("file_log: a write that lacks room is tried again, and loses nothing", "[journal]") {
    faulty_storage disk;
    deposits some;
    const auto log = opened_log(disk, small);
    some.append(*log, 40);
    // Into the segment, and then into the header of the next one.
    for (int i = 0; i != 2; ++i) {
        REQUIRE(log->make_room());
        const batch_position before = log->tail();
        batch_builder batch;
        std::vector<std::byte> bytes(format::record::max_bytes);
        bytes.resize(
            encode(record::of_deposit({7, 2, money::from_minor(1)}, money::from_minor(1)), bytes));
        for (int records = 0; records != 50; ++records)
            batch.add(bytes);
        disk.fail_at(1, std::errc::no_space_on_device, true);
        const batch_view sealed = batch.seal(before, {});
        REQUIRE(log->append(sealed).error == log_errc::no_room);
        REQUIRE(log->append(sealed).error == log_errc::no_room);
        REQUIRE_FALSE(log->has_room(1));
        REQUIRE(log->tail() == before);
        disk.restart();
        REQUIRE(log->append(sealed));
        REQUIRE(log->wait_durable());
        REQUIRE(log->has_room(1));
        reader found{disk};
        while (found.next()) {
        }
        REQUIRE(found.position() == log->tail());
    }
    REQUIRE(list_segments(disk).size() == 2);
}

TEST_CASE("file_log: goes on in the next segment where one is full", "[journal]") {
    faulty_storage disk;
    deposits some;
    const auto log = opened_log(disk, small);
    // 64 + 40 * 40 bytes: two of them are in a segment's 4096.
    for (int i = 0; i != 5; ++i)
        some.append(*log, 40);
    REQUIRE(list_segments(disk) == std::vector<std::uint64_t>{1, 81, 161});
    REQUIRE(opened_log(disk, small)->tail() == log->tail());
}

TEST_CASE("file_log: takes no batch that does not follow the last", "[journal]") {
    faulty_storage disk;
    const auto log = opened_log(disk, small);
    deposits{}.append(*log, 1);
    batch_builder batch;
    batch_position elsewhere = log->tail();
    ++elsewhere.chain;
    REQUIRE(log->append(batch.seal(elsewhere, {})).error == log_errc::unexpected);
    batch.clear();
    const batch_view right = batch.seal(log->tail(), {});
    REQUIRE(log->append(right));
    REQUIRE(log->append(right).error == log_errc::unexpected);
    REQUIRE(log->wait_durable());
    REQUIRE(log->append(right).error == log_errc::unexpected);
}

TEST_CASE("file_log: after a failure it takes nothing more", "[journal]") {
    faulty_storage disk;
    const auto log = opened_log(disk, small);
    deposits{}.append(*log, 1);
    batch_builder batch;
    disk.fail_at(2, std::errc::io_error, false);
    REQUIRE(log->append(batch.seal(log->tail(), {})));
    const log_status status = log->wait_durable();
    REQUIRE(status.error == log_errc::failed);
    REQUIRE(status.reason ==
            "disk/00000000000000000001.journal: cannot be synced: Input/output error");
    REQUIRE(log->wait_durable().error == log_errc::failed);
    batch.clear();
    REQUIRE(log->append(batch.seal(log->tail(), {})).error == log_errc::failed);
}

TEST_CASE("file_log: has the room that it says", "[journal]") {
    faulty_storage disk;
    deposits some;
    const auto log = opened_log(disk, small);
    REQUIRE(log->max_room_bytes() == 4'096);
    REQUIRE(log->max_batch_bytes() == 4'096);
    REQUIRE(log->has_room(4'096));
    batch_builder batch;
    std::vector<std::byte> opening(format::record::max_bytes);
    opening.resize(encode(record::of_opening({7, 1, coffer::money{}}), opening));
    batch.add(opening);
    REQUIRE(log->append(batch.seal(log->tail(), {})));
    REQUIRE(log->wait_durable());
    REQUIRE_FALSE(log->has_room(4'096));
    REQUIRE(log->has_room(3'900));
    disk.limit_bytes(10'000);
    REQUIRE(log->make_room().error == log_errc::no_room);
    REQUIRE_FALSE(disk.all().contains(std::string{spare_name}));
    disk.limit_bytes(UINT64_MAX);
    REQUIRE(log->make_room());
    REQUIRE(log->has_room(4'096));
    REQUIRE(disk.all().at(std::string{spare_name}).size() == 8'192);
}

TEST_CASE("file_log: makes a smaller segment where the disk has no room for a whole one",
          "[journal]") {
    faulty_storage disk;
    deposits some;
    auto log = opened_log(disk, {.segment_bytes = 1 << 16, .least_bytes = 8'192});
    REQUIRE(log->max_batch_bytes() == 4'096);
    disk.limit_bytes((1 << 16) + 40'000);
    REQUIRE(log->make_room());
    REQUIRE(log->has_room_ahead());
    REQUIRE(disk.all().at(std::string{spare_name}).size() == 1 << 15);
    // Its header has its size: it is read as it is written.
    while (list_segments(disk).size() == 1)
        some.append(*log, 90);
    REQUIRE(disk.content(segment_name(list_segments(disk).back())).size() == 1 << 15);
    const batch_position left = log->tail();
    log = opened_log(disk, {.segment_bytes = 1 << 16, .least_bytes = 8'192});
    REQUIRE(log->tail() == left);
    REQUIRE(log->room_bytes() <= (1 << 15) - 4'096);
}

TEST_CASE("file_log: segments grow again once there is room", "[journal]") {
    faulty_storage disk;
    deposits some;
    const auto log = opened_log(disk, {.segment_bytes = 1 << 16, .least_bytes = 8'192});
    const auto next_size = [&] {
        const std::size_t before = list_segments(disk).size();
        while (list_segments(disk).size() == before)
            some.append(*log, 90);
        return disk.content(segment_name(list_segments(disk).back())).size();
    };
    disk.limit_bytes((1 << 16) + 10'000);
    REQUIRE(next_size() == 8'192);
    REQUIRE_FALSE(log->has_room_ahead());
    disk.limit_bytes(UINT64_MAX);
    REQUIRE(next_size() == 1 << 14);
    REQUIRE(next_size() == 1 << 15);
    REQUIRE(next_size() == 1 << 16);
    REQUIRE(next_size() == 1 << 16);
}

TEST_CASE("file_log: a failure that is no want of room makes no smaller segment", "[journal]") {
    faulty_storage disk;
    const auto log = opened_log(disk, {.segment_bytes = 1 << 16, .least_bytes = 8'192});
    disk.fail_at(1, std::errc::io_error, true);
    REQUIRE(log->make_room().error == log_errc::no_room);
    REQUIRE(disk.calls() < 5);
}

TEST_CASE("file_log: closing it again and again fills no segment that has no records",
          "[journal]") {
    faulty_storage disk;
    deposits some;
    for (int i = 0; i != 500; ++i) {
        const auto log = opened_log(disk, small);
        batch_builder batch;
        REQUIRE(log->append(batch.seal(log->tail(), {})));
        REQUIRE(log->wait_durable());
    }
    const auto log = opened_log(disk, small);
    for (int i = 0; i != 10; ++i)
        some.append(*log, 30);
    REQUIRE(list_segments(disk).size() > 1);
    reader from{disk};
    std::uint64_t records = 0;
    while (const auto one = from.next())
        records += one->header.records;
    REQUIRE(records == 300);
}

TEST_CASE("file_log: a torn batch is cut off, and said", "[journal]") {
    faulty_storage disk;
    deposits some;
    auto log = opened_log(disk, small);
    some.append(*log, 3);
    const batch_position left = log->tail();
    const auto whole = disk.content(first_segment);
    some.append(*log, 30);
    // Its last sector was not written.
    auto& bytes = disk.content(first_segment);
    const std::size_t begin = 4'096 + 3 * 40 + format::batch::min_bytes;
    std::fill(bytes.begin() + 5'120, bytes.end(), std::byte{0});
    log.reset();
    log = opened_log(disk, small);
    REQUIRE(log->torn());
    REQUIRE(log->torn()->file == "disk/00000000000000000001.journal");
    REQUIRE(log->torn()->offset == begin);
    REQUIRE(log->torn()->bytes > 500);
    REQUIRE(log->tail() == left);
    REQUIRE(disk.content(first_segment) == whole);
}

TEST_CASE("file_log: what a crash left of a segment that was being made is removed", "[journal]") {
    faulty_storage disk;
    {
        const auto log = opened_log(disk, small);
        REQUIRE(log->make_room());
    }
    REQUIRE(disk.all().contains(std::string{spare_name}));
    const auto log = opened_log(disk, small);
    REQUIRE_FALSE(disk.all().contains(std::string{spare_name}));
}

TEST_CASE("trim: forgets whole segments of records before, and never the last", "[journal]") {
    faulty_storage disk;
    deposits some;
    const auto log = opened_log(disk, small);
    for (int i = 0; i != 5; ++i)
        some.append(*log, 40);
    REQUIRE(log->trim(81 - 1));
    REQUIRE(list_segments(disk) == std::vector<std::uint64_t>{1, 81, 161});
    REQUIRE(log->trim(81));
    REQUIRE(list_segments(disk) == std::vector<std::uint64_t>{81, 161});
    REQUIRE_THROWS_AS(log->read_from(80), journal_error);
    REQUIRE(log->read_from(81)->next()->header.first_record == 81);
    REQUIRE(log->trim(UINT64_MAX));
    REQUIRE(list_segments(disk) == std::vector<std::uint64_t>{161});
    REQUIRE(opened_log(disk, small)->tail() == log->tail());
}

TEST_CASE("trim: leaves no gap, wherever it crashes", "[journal]") {
    std::set<std::size_t> left;
    for (std::uint64_t call = 1; call <= 9; ++call)
        for (std::uint64_t seed = 1; seed <= 50; ++seed) {
            INFO("call " << call << ", seed " << seed);
            faulty_storage disk;
            deposits some;
            const auto log = opened_log(disk, small);
            for (int i = 0; i != 9; ++i)
                some.append(*log, 40);
            const std::vector<std::uint64_t> before = list_segments(disk);
            REQUIRE(before == std::vector<std::uint64_t>{1, 81, 161, 241, 321});
            disk.crash_at(call, seed);
            REQUIRE_FALSE(log->trim(UINT64_MAX));
            REQUIRE(disk.crashed());
            disk.restart();
            const std::vector<std::uint64_t> after = list_segments(disk);
            REQUIRE(std::equal(after.rbegin(), after.rend(), before.rbegin()));
            left.insert(after.size());
        }
    REQUIRE(left == std::set<std::size_t>{1, 2, 3, 4, 5});
}

TEST_CASE("trim: removes nothing where the removal before may not be on the disk", "[journal]") {
    faulty_storage disk;
    deposits some;
    const auto log = opened_log(disk, small);
    for (int i = 0; i != 9; ++i)
        some.append(*log, 40);
    disk.fail_at(3, std::errc::io_error, true);  // the sync after the first
    REQUIRE(log->trim(UINT64_MAX).reason == "disk/: Input/output error");
    REQUIRE(log->trim(UINT64_MAX).reason == "disk/: Input/output error");
    REQUIRE(list_segments(disk) == std::vector<std::uint64_t>{81, 161, 241, 321});
}

TEST_CASE("file_log: refuses sizes that no segment has", "[journal]") {
    faulty_storage disk;
    for (const std::uint64_t bytes : {0, 4'096, 8'193, 10'000})
        REQUIRE_THROWS_AS(opened_log(disk, {.segment_bytes = bytes}), std::invalid_argument);
}
