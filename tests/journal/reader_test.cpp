#include "journal/reader.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "batches.hpp"
#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/file_log.hpp"
#include "journal/journal_error.hpp"
#include "journal/little_endian.hpp"
#include "opened_log.hpp"
#include "ops/checksum.hpp"

using coffer::checksum;
using coffer::test::deposits;
using coffer::test::faulty_storage;
using coffer::test::opened_log;
using namespace coffer::journal;

namespace {

constexpr file_log::options small{.segment_bytes = 8'192};
const std::string first_segment = segment_name(1);
constexpr std::size_t batches_at = format::segment::batches_at;

std::vector<std::uint64_t> first_records(reader& from) {
    std::vector<std::uint64_t> found;
    while (const auto one = from.next())
        found.push_back(one->header.first_record);
    return found;
}

/// A journal of one segment: batches of 3 and of 30 records.
struct two_batches {
    two_batches() {
        log = opened_log(disk, small);
        some.append(*log, 3);
        second_at = batches_at + 3 * format::record::posting_bytes + format::batch::min_bytes;
        some.append(*log, 30);
    }
    std::vector<std::byte>& bytes() { return disk.content(first_segment); }
    void zero(std::size_t begin, std::size_t end) {
        std::fill(bytes().begin() + static_cast<std::ptrdiff_t>(begin),
                  bytes().begin() + static_cast<std::ptrdiff_t>(end), std::byte{0});
    }
    /// Why the journal is refused; empty if it is not.
    std::string refusal() {
        try {
            reader from{disk};
            while (from.next()) {
            }
        } catch (const journal_error& found) {
            return found.what();
        }
        return {};
    }

    faulty_storage disk;
    std::unique_ptr<file_log> log;
    deposits some;
    std::size_t second_at = 0;
};

}  // namespace

TEST_CASE("reader: finds nothing in a directory with nothing", "[journal]") {
    faulty_storage disk;
    reader from{disk};
    REQUIRE_FALSE(from.next());
    REQUIRE_FALSE(from.has_segments());
    const auto log = opened_log(disk, small);
    REQUIRE_FALSE(from.next());
    REQUIRE(from.has_segments());
    REQUIRE(from.position() == log->tail());
}

TEST_CASE("reader: begins with the batch that has the record", "[journal]") {
    faulty_storage disk;
    const auto log = opened_log(disk, small);
    deposits some;
    for (int i = 0; i != 6; ++i)
        some.append(*log, 30);
    const std::vector<std::uint64_t> all{1, 31, 61, 91, 121, 151};
    REQUIRE(list_segments(disk).size() == 2);
    for (std::uint64_t record = 0; record != 190; ++record) {
        reader from{disk, record};
        const auto expected = std::ranges::count_if(
            all, [record](std::uint64_t first) { return first + 30 > record; });
        REQUIRE(static_cast<std::int64_t>(first_records(from).size()) == expected);
        REQUIRE(from.position() == log->tail());
    }
}

TEST_CASE("reader: follows a log that grows, from segment to segment", "[journal]") {
    faulty_storage disk;
    const auto log = opened_log(disk, small);
    deposits some;
    reader from{disk};
    std::uint64_t next = 1;
    for (std::uint32_t i = 0; i != 40; ++i) {
        some.append(*log, i % 37 + 1);
        if (i % 3 == 0)
            continue;  // several at once, the next time
        while (const auto one = from.next()) {
            REQUIRE(one->header.first_record == next);
            next += one->header.records;
        }
        REQUIRE(from.position() == log->tail());
        REQUIRE_FALSE(from.torn());
        REQUIRE_FALSE(from.next());
    }
    REQUIRE(list_segments(disk).size() > 3);
}

TEST_CASE("reader: says so again and again if what it stands in has been trimmed", "[journal]") {
    for (const int grown : {8, 12}) {
        faulty_storage disk;
        const auto log = opened_log(disk, small);
        deposits some;
        while (list_segments(disk).size() < 5)
            some.append(*log, 20);
        reader from{disk};
        static_cast<void>(first_records(from));
        while (list_segments(disk).size() < static_cast<std::size_t>(grown))
            some.append(*log, 20);
        REQUIRE(log->trim(list_segments(disk)[6]));
        for (int i = 0; i != 3; ++i)
            REQUIRE_THROWS_WITH(first_records(from), coffer::test::Contains("is no longer in it"));
    }
}

TEST_CASE("reader: says where a batch is", "[journal]") {
    two_batches journal;
    reader from{journal.disk};
    REQUIRE(from.next());
    REQUIRE(from.where() == "disk/00000000000000000001.journal, offset 4096");
    REQUIRE(from.next());
    REQUIRE(from.where() ==
            "disk/00000000000000000001.journal, offset " + std::to_string(journal.second_at));
}

TEST_CASE("reader: a batch with a sector that was not written is torn", "[journal]") {
    const std::size_t end = two_batches{}.second_at + 30 * 40 + format::batch::min_bytes;
    const std::size_t begin = two_batches{}.second_at;
    for (std::size_t sector = begin / 512; sector <= (end - 1) / 512; ++sector) {
        two_batches journal;
        journal.zero(std::max(begin, sector * 512), std::min(end, (sector + 1) * 512));
        reader from{journal.disk};
        INFO("sector " << sector << ' ' << journal.refusal());
        REQUIRE(first_records(from) == std::vector<std::uint64_t>{1});
        REQUIRE(from.torn());
        REQUIRE(from.torn()->offset == begin);
        REQUIRE(from.torn()->bytes <= end - begin);
    }
}

TEST_CASE("reader: a header that is torn between two sectors is torn", "[journal]") {
    // Where the next header has 40 bytes in one sector and 40 in the next.
    constexpr std::size_t header_at = batches_at + 3 * 40 + 4 * format::batch::min_bytes;
    constexpr std::size_t middle = header_at + 40;
    static_assert(middle % format::sector_bytes == 0);
    constexpr std::size_t header_end = header_at + format::batch::header_bytes;
    struct range {
        std::size_t begin;
        std::size_t end;
        bool torn;
    };
    for (const range& written : {range{header_at, middle, true}, range{middle, header_end, true},
                                 range{header_at, header_end, false}}) {
        faulty_storage disk;
        const auto log = opened_log(disk, small);
        deposits some;
        for (const std::uint32_t count : {1U, 1U, 1U, 0U})
            some.append(*log, count);
        auto& bytes = disk.content(first_segment);
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(written.begin),
                  bytes.begin() + static_cast<std::ptrdiff_t>(written.end), std::byte{0x11});
        reader from{disk};
        if (!written.torn) {
            REQUIRE_THROWS_WITH(first_records(from),
                                coffer::test::Contains("all of it was written"));
            continue;
        }
        REQUIRE(first_records(from).size() == 4);
        REQUIRE(from.torn());
        REQUIRE(from.torn()->offset == header_at);
        REQUIRE(from.torn()->bytes == written.end - header_at);
    }
}

TEST_CASE("reader: damage before a valid batch is corruption", "[journal]") {
    two_batches journal;
    journal.zero(batches_at, journal.second_at);
    REQUIRE(journal.refusal() ==
            "disk/00000000000000000001.journal, offset 4096: the header of a batch is damaged, and "
            "there are valid batches after it");
}

TEST_CASE("reader: a whole batch that has rotted is corruption, be it the last", "[journal]") {
    two_batches journal;
    journal.bytes()[journal.second_at + 700] ^= std::byte{1};
    REQUIRE(journal.refusal() == "disk/00000000000000000001.journal, offset " +
                                     std::to_string(journal.second_at) +
                                     ": a batch does not have the checksum that it says, though "
                                     "all of it was written");
}

TEST_CASE("reader: a valid batch that does not follow is corruption", "[journal]") {
    two_batches journal;
    // The first batch once more, in the place of the second: as if it were stale.
    journal.zero(journal.second_at, journal.bytes().size());
    std::copy(journal.bytes().begin() + batches_at,
              journal.bytes().begin() + static_cast<std::ptrdiff_t>(journal.second_at),
              journal.bytes().begin() + static_cast<std::ptrdiff_t>(journal.second_at));
    REQUIRE_THAT(journal.refusal(),
                 coffer::test::Contains("begin with the record that comes next"));
}

TEST_CASE("reader: names a newer version of the format", "[journal]") {
    two_batches journal;
    const auto batch = std::span{journal.bytes()}.subspan(journal.second_at);
    put<std::uint16_t>(batch, format::batch::version_at, format::version + 1);
    put<std::uint64_t>(batch, format::batch::header_checksum_at, checksum(batch.subspan(8, 40)));
    REQUIRE_THAT(journal.refusal(), coffer::test::Contains("newer format version"));
}
