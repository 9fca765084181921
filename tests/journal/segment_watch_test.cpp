#include "journal/segment_watch.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "batches.hpp"
#include "catch.hpp"
#include "journal/file_log.hpp"
#include "journal/posix_storage.hpp"
#include "opened_log.hpp"
#include "snapshot/temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::money;
using coffer::test::deposits;
using coffer::test::opened_log;
using coffer::test::temporary_directory;
using namespace coffer::journal;

namespace {

/// A log of several segments in real files.
struct journal_on_disk {
    journal_on_disk() {
        REQUIRE_FALSE(disk.create_directory());
        log = opened_log(disk, {.segment_bytes = 8'192});
        for (int i = 0; i != 5; ++i)
            some.append(*log, 40);
        REQUIRE(list_segments(disk).size() == 3);
        REQUIRE(log->check_in_place());
    }

    [[nodiscard]] fs::path segment(std::size_t index) const {
        return directory / segment_name(list_segments(disk)[index]);
    }

    /// What an append of a batch comes to.
    [[nodiscard]] log_status append() {
        coffer::journal::batch_builder batch;
        const log_status appended = log->append(batch.seal(log->tail(), {}));
        return appended ? log->wait_durable() : appended;
    }

    void require_lost(const std::string& reason) {
        const log_status found = log->check_in_place();
        REQUIRE(found.error == log_errc::failed);
        REQUIRE_THAT(found.reason, coffer::test::Contains(reason));
        REQUIRE(append().error == log_errc::failed);
    }

    const temporary_directory place;
    const fs::path directory = place.path() / "journal";
    posix_storage disk{directory};
    std::unique_ptr<file_log> log;
    deposits some;
};

const char* const gone = ": is not there any more: it, or a directory that it is in, was removed";

}  // namespace

TEST_CASE("segment watch: a journal that nobody touches is in its place, trimmed or not",
          "[journal]") {
    journal_on_disk journal;
    REQUIRE(journal.log->trim(list_segments(journal.disk)[1]));
    REQUIRE(list_segments(journal.disk).size() == 2);
    for (int i = 0; i != 20; ++i) {
        journal.some.append(*journal.log, 40);
        REQUIRE(journal.log->check_in_place());
    }
    journal.log = opened_log(journal.disk, {.segment_bytes = 8'192});
    REQUIRE(journal.log->check_in_place());
    REQUIRE(journal.append());
}

TEST_CASE("segment watch: a journal that was taken away is lost", "[journal]") {
    journal_on_disk journal;
    SECTION("its segment was removed") {
        fs::remove(journal.segment(2));
        journal.require_lost(gone);
    }
    SECTION("its segment was renamed") {
        fs::rename(journal.segment(2), journal.place.path() / "elsewhere");
        journal.require_lost(gone);
    }
    SECTION("its directory was removed") {
        fs::remove_all(journal.directory);
        journal.require_lost(gone);
    }
    SECTION("its directory was renamed") {
        fs::rename(journal.directory, journal.place.path() / "elsewhere");
        journal.require_lost(gone);
    }
    SECTION("its directory is a file now") {
        fs::remove_all(journal.directory);
        coffer::test::write_file(journal.directory, "");
        journal.require_lost(gone);
    }
    SECTION("its directory was replaced by a copy") {
        const fs::path copy = journal.place.path() / "copy";
        fs::copy(journal.directory, copy);
        fs::remove_all(journal.directory);
        fs::rename(copy, journal.directory);
        journal.require_lost(": is another file now: it, or a directory");
    }
    SECTION("its segment was cut off") {
        fs::resize_file(journal.segment(2), 5'000);
        journal.require_lost(": has 5000 bytes now instead of 8192: it was cut off");
    }
    SECTION("an earlier segment was removed") {
        fs::remove(journal.segment(1));
        journal.require_lost(": is not there any more: it was removed");
    }
}

TEST_CASE("segment watch: nothing becomes durable where a later start would not find it",
          "[journal]") {
    journal_on_disk journal;
    REQUIRE(journal.append());
    fs::rename(journal.directory, journal.place.path() / "elsewhere");
    const log_status first = journal.append();
    REQUIRE(first.error == log_errc::failed);
    REQUIRE_THAT(first.reason, coffer::test::Contains(gone));
    fs::rename(journal.place.path() / "elsewhere", journal.directory);
    REQUIRE(journal.append().error == log_errc::failed);
    REQUIRE(opened_log(journal.disk, {.segment_bytes = 8'192})->tail().next_record == 201);
}

TEST_CASE("segment watch: a spare that was removed is made again", "[journal]") {
    journal_on_disk journal;
    fs::remove(journal.directory / spare_name);
    // As many as no segment has room for.
    batch_builder batch;
    std::vector<std::byte> bytes(format::record::max_bytes);
    bytes.resize(
        encode(record::of_deposit({7, 2, money::from_minor(1)}, money::from_minor(1)), bytes));
    for (int records = 0; records != 90; ++records)
        batch.add(bytes);
    const batch_view sealed = batch.seal(journal.log->tail(), {});
    REQUIRE(journal.log->append(sealed).error == log_errc::no_room);
    REQUIRE(journal.log->make_room());
    REQUIRE(journal.log->append(sealed));
    REQUIRE(journal.log->wait_durable());
    REQUIRE(list_segments(journal.disk).size() == 4);
    REQUIRE(journal.log->check_in_place());
}

TEST_CASE("segment watch: a segment is not begun in another file than its own", "[journal]") {
    journal_on_disk journal;
    REQUIRE(journal.log->make_room());
    const fs::path spare = journal.directory / spare_name;
    fs::remove(spare);
    coffer::test::write_file(spare, "another");
    for (int i = 0; i != 100 && list_segments(journal.disk).size() == 3; ++i)
        static_cast<void>(journal.append());
    REQUIRE(list_segments(journal.disk).size() == 4);
    REQUIRE(journal.append().error == log_errc::failed);
}
