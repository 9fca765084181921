#include "journal/index_image.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "catch.hpp"
#include "small_index.hpp"

using coffer::account_number;
using coffer::test::make_checksums_right;
using coffer::test::small_index;
using namespace coffer::journal;
namespace at = format::index;

namespace {

/// Whether header, tables and all blocks of it are accepted.
bool is_accepted(std::span<const std::byte> file, std::uint64_t segment_bytes) {
    const auto header = decode_index_header(file);
    if (!header || header->file_bytes != file.size())
        return false;
    const auto tables = index_tables::decode(
        *header, file.subspan(at::header_bytes, static_cast<std::size_t>(header->tables_bytes())),
        segment_bytes);
    if (!tables)
        return false;
    for (account_number account = 1; account != 1'700; ++account)
        if (const auto place = tables->block_of(account))
            if (!tables->entries_of(account, *place, file.subspan(place->offset, place->bytes)))
                return false;
    return true;
}

/// The same with something changed in it, and with checksums that are right.
template <class Change>
std::vector<std::byte> changed(const small_index& of, const Change& change) {
    std::vector<std::byte> file = of.bytes();
    change(std::span{file});
    make_checksums_right(file);
    return file;
}

}  // namespace

TEST_CASE("index image: the groups are as FORMAT.md has them", "[journal]") {
    const small_index some;
    REQUIRE(some.is_right());
    const auto header = decode_index_header(some.bytes());
    REQUIRE(header);
    REQUIRE(header->blocks > 1);
    const std::vector<std::byte> example{std::byte{0x00}, std::byte{0x03}, std::byte{0x17},
                                         std::byte{0x00}, std::byte{0x00}, std::byte{0x06}};
    const auto blocks = std::span{some.bytes()}.subspan(
        at::header_bytes + static_cast<std::size_t>(header->tables_bytes()));
    REQUIRE(std::ranges::equal(blocks.first(example.size()), example));
}

TEST_CASE("index image: reads back what was written", "[journal]") {
    const small_index some;
    REQUIRE(is_accepted(some.bytes(), some.segment_bytes()));
    REQUIRE_FALSE(is_accepted(some.bytes(), some.segment_bytes() - format::unit_bytes));
}

TEST_CASE("index image: what no index has is refused though its checksums are right", "[journal]") {
    const small_index some;
    REQUIRE(is_accepted(changed(some, [](auto) {}), some.segment_bytes()));
    const auto refuses = [&some](const auto& change) {
        return !is_accepted(changed(some, change), some.segment_bytes());
    };
    const std::size_t directory = at::header_bytes;
    const auto header = decode_index_header(some.bytes());
    const std::size_t extents =
        directory + header->blocks * at::directory_entry_bytes + header->filter_bytes;
    const std::size_t blocks = extents + header->extent_bytes;
    const auto add = [](std::span<std::byte> file, std::size_t where, int value) {
        file[where] = static_cast<std::byte>(std::to_integer<int>(file[where]) + value);
    };

    SECTION("sizes and numbers in the header") {
        for (const std::size_t where : {at::end_record_at, at::extents_at, at::blocks_at,
                                        at::extent_bytes_at, at::filter_bytes_at, at::bytes_at})
            for (const int value : {1, -1}) {
                CAPTURE(where, value);
                REQUIRE(refuses([&](std::span<std::byte> file) { add(file, where, value); }));
            }
        REQUIRE(refuses([](std::span<std::byte> file) {
            put<std::uint64_t>(file, at::accounts_at, 0x2aaa'aaaa'aaaa'aaaaU);
        }));
    }
    SECTION("blocks that are not one behind the other, and accounts that do not rise") {
        for (const std::size_t where : {at::block_offset_at, at::block_bytes_at})
            for (const int value : {1, -1}) {
                CAPTURE(where, value);
                REQUIRE(refuses(
                    [&](std::span<std::byte> file) { add(file, directory + where, value); }));
            }
        REQUIRE(refuses([&](std::span<std::byte> file) {
            put<std::uint64_t>(file, directory + at::block_account_at,
                               std::numeric_limits<std::uint64_t>::max());
        }));
    }
    SECTION("extents outside of the segment, that do not rise, or with something behind them") {
        for (const std::size_t where : {extents, extents + 1})  // offset and record of the first
            REQUIRE(refuses([&](std::span<std::byte> file) { add(file, where, 1); }));
        REQUIRE(refuses([&](std::span<std::byte> file) { file[blocks - 1] = std::byte{1}; }));
    }
    SECTION("entries of extents that there are not, and sequences and accounts that are none") {
        // The bytes of the first group are those of the example in FORMAT.md.
        REQUIRE(refuses([&](std::span<std::byte> file) { add(file, blocks, 1); }));
        REQUIRE(refuses([&](std::span<std::byte> file) { file[blocks + 1] = std::byte{0}; }));
        REQUIRE(refuses(
            [&](std::span<std::byte> file) { file[blocks + 2] = std::byte{10 * 4 + 2 + 1}; }));
        REQUIRE(refuses([&](std::span<std::byte> file) { add(file, blocks + 5, 2); }));
    }
}
