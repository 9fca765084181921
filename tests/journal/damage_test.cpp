// Every byte of a small journal changed, and every length of its files: detected and located, or
// provably harmless.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/file_log.hpp"
#include "journal/journal_error.hpp"
#include "journal/reader.hpp"
#include "journal/replay.hpp"
#include "opened_log.hpp"

using coffer::ledger;
using coffer::money;
using coffer::test::faulty_storage;
using coffer::test::opened_log;
using namespace coffer::journal;

namespace {

constexpr std::uint64_t segment_bytes = 8'192;
constexpr std::uint64_t accounts = 5;

/// A journal of three segments, with batches of all sizes up to several sectors.
std::unique_ptr<faulty_storage> a_journal(bool closed) {
    auto disk = std::make_unique<faulty_storage>();
    const auto log = opened_log(*disk, {.segment_bytes = segment_bytes});
    const auto append = [&log](const batch_view& sealed) {
        static_cast<void>(log->make_room());
        REQUIRE(log->append(sealed));
        REQUIRE(log->wait_durable());
    };
    batch_builder batch;
    std::uint64_t sequence = 1;
    for (std::uint64_t records = 1; disk->all().size() < 4; records = records * 3 % 29 + 1) {
        for (std::uint64_t i = 0; i != records; ++i, ++sequence) {
            std::vector<std::byte> bytes(format::record::max_bytes);
            const std::uint64_t account = 1 + i % accounts;
            const auto balance = money::from_minor(static_cast<std::int64_t>(sequence));
            const coffer::posting state{account, 1 + sequence, balance};
            bytes.resize(
                encode(record::of_deposit(state, money::from_minor(1), {"key", {7, 8}}), bytes));
            batch.add(bytes);
        }
        append(batch.seal(log->tail(), {sequence, sequence}));
        batch.clear();
    }
    if (closed)
        append(batch.seal(log->tail(), {sequence, sequence}));
    static_cast<void>(disk->remove(std::string{spare_name}));
    return disk;
}

/// The position that a reader comes to.
batch_position end_of(const faulty_storage& disk) {
    reader from{disk};
    while (from.next()) {
    }
    return from.position();
}

struct tally {
    int detected = 0;
    int harmless = 0;
    std::string wrong;  ///< what was neither
};

/// Looks at a journal of which one file was damaged at `offset`.
void judge(faulty_storage& disk, const std::string& file, std::uint64_t offset,
           const batch_position& whole, tally& counts) {
    const auto wrong = [&](const std::string& what) {
        counts.wrong = file + ", byte " + std::to_string(offset) + ": " + what;
    };
    try {
        // Damage is harmless if it leaves every record in its place, for a reader and for a log
        // that is opened to append.
        if (end_of(disk).next_record != whole.next_record)
            return wrong("records are gone, and nobody says so");
        const auto log = opened_log(disk, {.segment_bytes = segment_bytes});
        if (log->tail().next_record != whole.next_record || end_of(disk) != log->tail())
            return wrong("records are gone once it is opened");
        ++counts.harmless;
    } catch (const journal_error& found) {
        if (found.where() != disk.path(file) || found.offset() > offset)
            return wrong(std::string{"is said to be elsewhere: "} + found.what());
        ++counts.detected;
    }
}

void flip_everything(bool closed) {
    const auto disk = a_journal(closed);
    const batch_position whole = end_of(*disk);
    const auto files = disk->all();
    REQUIRE(files.size() == 3);
    tally counts;
    int flips = 0;
    for (const auto& [name, bytes] : files)
        for (std::size_t at = 0; at != bytes.size(); ++at) {
            // A bit mostly, and at times all of them.
            const unsigned mask = at % 9 == 0 ? 0xffU : 1U << at % 9 % 8;
            std::vector<std::byte>& content = disk->content(name);
            content[at] ^= static_cast<std::byte>(mask);
            const int detected_before = counts.detected;
            judge(*disk, name, at, whole, counts);
            if (counts.detected != detected_before) {
                // Nothing was changed: it is as it was but for the flip.
                content[at] ^= static_cast<std::byte>(mask);
                if (content != bytes)
                    counts.wrong = "a journal that was refused was changed";
            }
            content = bytes;
            ++flips;
        }
    WARN(flips << " bytes changed, " << counts.detected << " detected and located, "
               << counts.harmless << " harmless");
    REQUIRE(counts.wrong.empty());
    REQUIRE(counts.detected + counts.harmless == flips);
    REQUIRE(end_of(*disk) == whole);
}

}  // namespace

TEST_CASE("damage: every changed byte of a closed journal is detected or harmless",
          "[journal][damage]") {
    flip_everything(true);
}

// Here the last batch is one that was acknowledged: it is never taken for a torn one.
TEST_CASE("damage: every changed byte of a journal that was not closed is detected or harmless",
          "[journal][damage]") {
    flip_everything(false);
}

TEST_CASE("damage: every file that is too short is detected", "[journal][damage]") {
    const auto disk = a_journal(true);
    const batch_position whole = end_of(*disk);
    tally counts;
    for (const auto& [name, bytes] : disk->all())
        for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 64) {
            disk->content(name).resize(size);
            judge(*disk, name, size, whole, counts);
            disk->content(name) = bytes;
        }
    REQUIRE(counts.wrong.empty());
    REQUIRE(counts.harmless == 0);
    REQUIRE(counts.detected > 500);
}

TEST_CASE("damage: a segment that is missing is detected, but for the last", "[journal][damage]") {
    const auto disk = a_journal(true);
    const auto segments = list_segments(*disk);
    REQUIRE(segments.size() == 3);
    REQUIRE_FALSE(disk->remove(segment_name(segments[1])));
    REQUIRE_THROWS_WITH(end_of(*disk), coffer::test::Contains("comes next"));
    REQUIRE_FALSE(disk->remove(segment_name(segments[0])));
    REQUIRE_THROWS_WITH(end_of(*disk), coffer::test::Contains("record 1 is no longer in it"));
}

TEST_CASE("damage: two segments that were exchanged are detected", "[journal][damage]") {
    const auto disk = a_journal(true);
    const auto segments = list_segments(*disk);
    std::swap(disk->content(segment_name(segments[0])), disk->content(segment_name(segments[1])));
    REQUIRE_THROWS_WITH(end_of(*disk), coffer::test::Contains("named after"));
}

TEST_CASE("damage: a segment of another ledger is detected", "[journal][damage]") {
    const auto disk = a_journal(true);
    const auto other = a_journal(true);
    const auto segments = list_segments(*disk);
    const std::string last = segment_name(segments[2]);
    disk->content(last) = other->content(last);
    REQUIRE_THROWS_WITH(end_of(*disk), coffer::test::Contains("of another ledger"));
}
