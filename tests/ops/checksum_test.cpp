#include "ops/checksum.hpp"

#include <cstddef>
#include <span>
#include <vector>

#include "catch.hpp"

using coffer::checksum;
using coffer::running_checksum;

namespace {

std::vector<std::byte> some_bytes(std::size_t count) {
    std::vector<std::byte> bytes(count);
    for (std::size_t i = 0; i != count; ++i)
        bytes[i] = static_cast<std::byte>(i * i % 251);
    return bytes;
}

}  // namespace

TEST_CASE("checksum: is XXH3-64 with seed 0", "[ops]") {
    // As xxHash 0.8.1 says: xxhsum -H3 </dev/null
    CHECK(checksum({}) == 0x2d06'8005'38d3'94c2U);
}

TEST_CASE("checksum: is the same of a whole and of its parts, however they are cut", "[ops]") {
    const std::vector<std::byte> bytes = some_bytes(3000);
    for (const std::size_t part : {1U, 7U, 64U, 240U, 256U, 1024U, 2999U, 3000U}) {
        running_checksum sum;
        for (std::span<const std::byte> left{bytes}; !left.empty();) {
            const std::size_t size = left.size() < part ? left.size() : part;
            sum.add(left.first(size));
            left = left.subspan(size);
        }
        CHECK(sum.value() == checksum(bytes));
    }
}

TEST_CASE("checksum: goes on after it was asked for", "[ops]") {
    const std::vector<std::byte> bytes = some_bytes(1000);
    running_checksum sum;
    CHECK(sum.value() == checksum({}));
    for (const std::size_t so_far : {400U, 1000U}) {
        sum.add(std::span{bytes}.subspan(so_far == 400 ? 0 : 400, so_far == 400 ? 400 : 600));
        CHECK(sum.value() == checksum(std::span{bytes}.first(so_far)));
    }
}
