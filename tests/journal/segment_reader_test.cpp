#include "journal/segment_reader.hpp"

#include <algorithm>
#include <vector>

#include "batches.hpp"
#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/file_log.hpp"
#include "opened_log.hpp"

using coffer::test::deposits;
using coffer::test::faulty_storage;
using coffer::test::opened_log;
using namespace coffer::journal;

namespace {

constexpr std::uint64_t header_bytes = format::segment::batches_at;

}  // namespace

TEST_CASE("segment_reader: to look at a header is to read nothing else", "[journal]") {
    faulty_storage disk;
    deposits some;
    const auto log = opened_log(disk, {.segment_bytes = 1'048'576});
    some.append(*log, 40);
    const std::uint64_t before = disk.bytes_read();
    segment_reader opened{disk, 1};
    REQUIRE(disk.bytes_read() == before + header_bytes);
    REQUIRE(opened.look(header_bytes, opened.header().before, true).what ==
            segment_reader::found::batch);
}

TEST_CASE("segment_before: what is of a time or later is there or after it, by few headers",
          "[journal]") {
    faulty_storage disk;
    deposits some;
    const auto log = opened_log(disk, {.segment_bytes = 8'192});
    // Two batches a segment. The times of the last batches: 20, 40, and so on.
    for (std::uint64_t batch = 1; batch <= 200; ++batch)
        some.append(*log, 40, batch * 10);
    const std::vector<std::uint64_t> segments = list_segments(disk);
    REQUIRE(segments.size() == 100);
    for (std::uint64_t time_ns = 0; time_ns <= 2'100; ++time_ns) {
        const std::uint64_t before = disk.bytes_read();
        const std::uint64_t found =
            segment_before(disk, segments, &batch_position::time_ns, time_ns);
        const std::uint64_t older = time_ns == 0 ? 0 : (time_ns - 1) / 20;
        REQUIRE(found == segments[std::min<std::uint64_t>(older, segments.size() - 1)]);
        REQUIRE(disk.bytes_read() <= before + 7 * header_bytes);
    }
    REQUIRE(segment_before(disk, std::vector<std::uint64_t>{1}, &batch_position::running_ns,
                           2'100) == 1);
}
