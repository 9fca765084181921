#include "journal/batch.hpp"

#include <array>
#include <vector>

#include "catch.hpp"
#include "journal/little_endian.hpp"
#include "ops/checksum.hpp"

namespace at = coffer::journal::format::batch;

using coffer::checksum;
using coffer::money;
using namespace coffer::journal;

namespace {

void add_deposit(batch_builder& builder, std::uint64_t sequence) {
    std::array<std::byte, format::record::max_bytes> bytes{};
    const auto balance = money::from_minor(static_cast<std::int64_t>(sequence));
    const std::size_t size =
        encode(record::of_deposit({7, sequence, balance}, money::from_minor(1)), bytes);
    builder.add(std::span{bytes}.first(size));
}

std::vector<std::byte> a_batch(const batch_position& before = {1, 77, 1000, 60}) {
    batch_builder builder;
    for (std::uint64_t sequence = 2; sequence != 5; ++sequence)
        add_deposit(builder, sequence);
    const batch_view sealed = builder.seal(before, {2000, 70, -3, 9});
    return {sealed.bytes.begin(), sealed.bytes.end()};
}

/// Makes the checksums right again after a change.
void reseal(std::span<std::byte> bytes) {
    put<std::uint64_t>(bytes, at::header_checksum_at, checksum(bytes.subspan(8, 40)));
    put<std::uint64_t>(bytes, at::checksum_at, checksum(bytes.subspan(8)));
}

}  // namespace

TEST_CASE("batch: is read as it was sealed", "[journal]") {
    const auto bytes = a_batch();
    const checked_batch found = check_batch(bytes);
    REQUIRE(found.error == batch_error::none);
    REQUIRE(found.value.header.records == 3);
    REQUIRE(found.value.header.bytes == bytes.size());
    REQUIRE(found.value.after() == batch_position{4, found.value.header.checksum, 2000, 70});
    REQUIRE(found.value.header.stamp.clock_offset_ns == -3);
    REQUIRE(found.value.header.stamp.key_life_ns == 9);
    REQUIRE(check_follows(found.value.header, {1, 77, 1000, 60}) == batch_error::none);
    REQUIRE(check_records(found.value).reason.empty());
    std::uint64_t sequence = 2;
    visit_records(found.value,
                  [&sequence](const record& one) { REQUIRE(one.state.sequence == sequence++); });
    REQUIRE(sequence == 5);
}

TEST_CASE("batch: follows in number, chain and time, or not at all", "[journal]") {
    const auto bytes = a_batch();
    const batch_header header = check_batch(bytes).value.header;
    REQUIRE(check_follows(header, {2, 77, 1000}) == batch_error::wrong_record);
    REQUIRE(check_follows(header, {1, 78, 1000}) == batch_error::wrong_chain);
    REQUIRE(check_follows(header, {1, 77, 2001}) == batch_error::time_went_back);
    REQUIRE(check_follows(header, {1, 77, 2000, 71}) == batch_error::running_time_went_back);
    REQUIRE(check_follows(header, {1, 77, 2000, 70}) == batch_error::none);
}

TEST_CASE("batch: one of version 1 is read, and has its record time for running time",
          "[journal]") {
    const auto bytes = a_batch();
    std::vector<std::byte> old{bytes.begin(), bytes.begin() + at::header_bytes_1};
    old.insert(old.end(), bytes.begin() + at::header_bytes, bytes.end());
    put<std::uint16_t>(old, at::version_at, 1);
    put<std::uint32_t>(old, at::bytes_at, static_cast<std::uint32_t>(old.size()));
    reseal(old);
    const checked_batch found = check_batch(old);
    REQUIRE(found.error == batch_error::none);
    REQUIRE(check_records(found.value).reason.empty());
    REQUIRE(found.value.after() == batch_position{4, found.value.header.checksum, 2000, 2000});
    REQUIRE(found.value.header.stamp.key_life_ns == 0);
}

TEST_CASE("seal: no time goes back when the clock does", "[journal]") {
    batch_builder builder;
    add_deposit(builder, 2);
    REQUIRE(builder.seal({1, 0, 5000, 900}, {4000, 800}).header.stamp.time_ns == 5000);
    builder.unseal();
    REQUIRE(builder.seal({1, 0, 5000, 900}, {4000, 800}).header.stamp.running_ns == 900);
}

TEST_CASE("check_batch: every flipped bit is detected", "[journal]") {
    auto bytes = a_batch();
    for (std::size_t bit = 0; bit != bytes.size() * 8; ++bit) {
        const auto mask = static_cast<std::byte>(1U << bit % 8);
        bytes[bit / 8] ^= mask;
        REQUIRE(check_batch(bytes).error != batch_error::none);
        bytes[bit / 8] ^= mask;
    }
    REQUIRE(check_batch(bytes).error == batch_error::none);
}

TEST_CASE("check_batch: every truncated length is detected", "[journal]") {
    const auto bytes = a_batch();
    for (std::size_t size = 0; size != bytes.size(); ++size)
        REQUIRE(check_batch(std::span{bytes}.first(size)).error != batch_error::none);
}

TEST_CASE("check_batch: a newer version is refused as such", "[journal]") {
    auto bytes = a_batch();
    put<std::uint16_t>(bytes, at::version_at, format::version + 1);
    reseal(bytes);
    REQUIRE(check_batch(bytes).error == batch_error::newer_version);
}

TEST_CASE("check_records: names a record that is malformed, and its place", "[journal]") {
    auto bytes = a_batch();
    const std::size_t second = at::header_bytes + format::record::posting_bytes;
    bytes[second + format::record::kind_at] = std::byte{9};
    reseal(bytes);
    const refused_record refused = check_records(check_batch(bytes).value);
    REQUIRE(refused.offset == second);
    REQUIRE(refused.reason == "a record is of kind 9, which this version of coffer does not know");
}

TEST_CASE("check_records: counts", "[journal]") {
    auto bytes = a_batch();
    put<std::uint32_t>(bytes, at::records_at, 4);
    reseal(bytes);
    REQUIRE(check_records(check_batch(bytes).value).reason ==
            "a batch has 3 records and not the number that it says, 4");
}

TEST_CASE("batch: one of no records is a batch too", "[journal]") {
    batch_builder builder;
    const batch_view sealed = builder.seal({5, 6, 7}, {8});
    const checked_batch found = check_batch(sealed.bytes);
    REQUIRE(found.error == batch_error::none);
    REQUIRE(check_records(found.value).reason.empty());
    REQUIRE(found.value.after().next_record == 5);
}

TEST_CASE("batch_builder: a full batch is read as well", "[journal]") {
    batch_builder builder;
    std::uint32_t count = 0;
    for (; builder.has_room(format::record::posting_bytes); ++count)
        add_deposit(builder, count + 2);
    const batch_view sealed = builder.seal({}, {});
    REQUIRE(sealed.bytes.size() <= at::max_bytes);
    REQUIRE(sealed.bytes.size() > at::max_bytes - format::record::posting_bytes);
    const checked_batch found = check_batch(sealed.bytes);
    REQUIRE(found.error == batch_error::none);
    REQUIRE(found.value.header.records == count);
    REQUIRE(check_records(found.value).reason.empty());
}
