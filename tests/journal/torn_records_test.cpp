// Torn batches of records of every kind, the largest among them, which are longer than a sector.
#include <algorithm>
#include <random>
#include <vector>

#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/batch.hpp"
#include "journal/file_log.hpp"
#include "journal/journal_error.hpp"
#include "journal/random_records.hpp"
#include "journal/reader.hpp"
#include "opened_log.hpp"

using coffer::test::faulty_storage;
using coffer::test::opened_log;
using namespace coffer::journal;

namespace {

constexpr std::size_t begin = format::segment::batches_at;

/// A journal of one batch: so many records, by a generator with this seed.
struct one_batch {
    one_batch(std::uint64_t seed, int count) : log{opened_log(disk, {.segment_bytes = 65'536})} {
        random_records records{seed};
        batch_builder batch;
        std::vector<std::byte> room(format::record::max_bytes);
        for (int i = 0; i != count; ++i) {
            const std::size_t bytes = encode(records.next(), room);
            batch.add({room.data(), bytes});
        }
        static_cast<void>(log->make_room());
        const batch_view sealed = batch.seal(log->tail(), {1, 1});
        end = begin + sealed.header.bytes;
        REQUIRE(log->append(sealed));
        REQUIRE(log->wait_durable());
        written = disk.content(segment_name(1));
    }

    /// Leaves the sectors of the batch that are not written as they were before: zeros.
    void tear(const std::vector<bool>& is_written) {
        auto& bytes = disk.content(segment_name(1));
        bytes = written;
        for (std::size_t sector = 0; sector != is_written.size(); ++sector) {
            const std::size_t from = begin + sector * format::sector_bytes;
            const std::size_t to = std::min(end, from + format::sector_bytes);
            if (!is_written[sector])
                std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                          bytes.begin() + static_cast<std::ptrdiff_t>(to), std::byte{0});
        }
    }
    [[nodiscard]] std::size_t sectors() const {
        return (end - begin + format::sector_bytes - 1) / format::sector_bytes;
    }

    faulty_storage disk;
    std::unique_ptr<file_log> log;
    std::size_t end = 0;
    std::vector<std::byte> written;
};
static_assert(begin % format::sector_bytes == 0);

}  // namespace

TEST_CASE("reader: whichever sectors of a batch were not written, it is torn, and not corrupt",
          "[journal]") {
    std::mt19937_64 random{7};
    for (std::uint64_t seed = 0; seed != 20; ++seed) {
        one_batch journal{seed, 40};
        REQUIRE(journal.sectors() > 4);
        for (std::size_t round = 0; round != 2 * journal.sectors(); ++round) {
            std::vector<bool> is_written(journal.sectors(), true);
            if (round < journal.sectors())
                is_written[round] = false;  // this one alone
            else
                std::generate(is_written.begin(), is_written.end(),
                              [&] { return random() % 2 == 0; });
            if (std::ranges::all_of(is_written, [](bool one) { return one; }))
                continue;
            journal.tear(is_written);
            INFO("seed " << seed << ", round " << round);
            reader from{journal.disk};
            REQUIRE_FALSE(from.next());
            if (std::ranges::none_of(is_written, [](bool one) { return one; }))
                continue;
            REQUIRE(from.torn());
            REQUIRE(from.torn()->offset == begin);
        }
    }
}

TEST_CASE("reader: a bit that flips in a batch of any records is corruption, and not a torn batch",
          "[journal]") {
    std::mt19937_64 random{8};
    one_batch journal{9, 40};
    for (int round = 0; round != 500; ++round) {
        auto& bytes = journal.disk.content(segment_name(1));
        bytes = journal.written;
        const std::size_t place = begin + random() % (journal.end - begin);
        bytes[place] ^= std::byte{1} << (random() % 8);
        INFO("byte " << place);
        reader from{journal.disk};
        REQUIRE_THROWS_AS(from.next(), journal_error);
    }
}
