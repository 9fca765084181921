#include "journal/segment.hpp"

#include <algorithm>

#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/little_endian.hpp"
#include "ops/checksum.hpp"

using coffer::checksum;
using coffer::ledger_id;
using namespace coffer::journal;

namespace {

segment_header a_header() {
    ledger_id ledger{};
    ledger[3] = std::byte{9};
    return {ledger, {12, 34, 56, 78}, 8'192};
}

}  // namespace

TEST_CASE("segment: a header is decoded as it was encoded", "[journal]") {
    const auto bytes = encode(a_header());
    REQUIRE(bytes.size() == format::segment::batches_at);
    const auto found = decode_segment_header(bytes);
    REQUIRE(found.reason.empty());
    REQUIRE(found.value.ledger == a_header().ledger);
    REQUIRE(found.value.before == a_header().before);
    REQUIRE(found.value.bytes == 8'192);
}

TEST_CASE("segment: every flipped bit of a header, and of the zeros behind it, is detected",
          "[journal]") {
    auto bytes = encode(a_header());
    for (std::size_t bit = 0; bit != bytes.size() * 8; ++bit) {
        const auto mask = static_cast<std::byte>(1U << bit % 8);
        bytes[bit / 8] ^= mask;
        if (decode_segment_header(bytes).reason.empty())
            FAIL("bit " << bit);
        bytes[bit / 8] ^= mask;
    }
    REQUIRE(decode_segment_header(bytes).reason.empty());
}

TEST_CASE("segment: a newer version is named", "[journal]") {
    auto bytes = encode(a_header());
    put<std::uint16_t>(bytes, format::segment::version_at, 3);
    put<std::uint64_t>(bytes, 0, checksum(std::span{bytes}.subspan(8, 64)));
    REQUIRE(decode_segment_header(bytes).reason ==
            "the segment has format version 3, which this version of coffer does not know");
}

TEST_CASE("segment: what an older program checks in a header is as it was in version 1",
          "[journal]") {
    // So it says that it does not know the version, and not that the header is damaged.
    const auto bytes = encode(a_header());
    REQUIRE(get<std::uint64_t>(bytes, 0) == checksum(std::span{bytes}.subspan(8, 64)));
    REQUIRE(get<std::uint16_t>(bytes, format::segment::version_at) == 2);
}

TEST_CASE("segment: one of version 1 has its record time for running time", "[journal]") {
    auto bytes = encode(a_header());
    std::fill(bytes.begin() + format::segment::header_bytes_1, bytes.end(), std::byte{0});
    put<std::uint16_t>(bytes, format::segment::version_at, 1);
    put<std::uint64_t>(bytes, 0, checksum(std::span{bytes}.subspan(8, 64)));
    const auto found = decode_segment_header(bytes);
    REQUIRE(found.reason.empty());
    REQUIRE(found.value.before == batch_position{12, 34, 56, 56});
}

TEST_CASE("segment_name: is read back, and nothing else is one", "[journal]") {
    REQUIRE(segment_name(1) == "00000000000000000001.journal");
    for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{81}, UINT64_MAX})
        REQUIRE(parse_segment_name(segment_name(number)) == number);
    for (const char* const name : {"", "spare.tmp", "1.journal", "00000000000000000000.journal",
                                   "00000000000000000001.journa", "00000000000000000001.journal~",
                                   "-0000000000000000001.journal", "99999999999999999999.journal",
                                   "0000000000000000000x.journal"})
        REQUIRE_FALSE(parse_segment_name(name));
}
