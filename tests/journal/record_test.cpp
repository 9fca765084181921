#include "journal/record.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <coffer/account.hpp>

#include "catch.hpp"
#include "journal/little_endian.hpp"

namespace at = coffer::journal::format::record;

using coffer::errc;
using coffer::money;
using coffer::posting;
using coffer::journal::decode;
using coffer::journal::decoded_record;
using coffer::journal::describe;
using coffer::journal::encode;
using coffer::journal::encoded_bytes;
using coffer::journal::is_request_key;
using coffer::journal::put;
using coffer::journal::record;
using coffer::journal::record_error;
using coffer::journal::record_kind;
using coffer::journal::request_key;

namespace {

constexpr money cents(std::int64_t minor) {
    return money::from_minor(minor);
}

using buffer = std::array<std::byte, at::max_bytes>;

std::vector<std::byte> encoded(const record& one) {
    buffer bytes{};
    bytes.fill(std::byte{0xa5});  // so that what encode leaves out is seen
    const std::size_t size = encode(one, bytes);
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

void require_same(const posting& found, const posting& expected) {
    REQUIRE(found.account == expected.account);
    REQUIRE(found.sequence == expected.sequence);
    REQUIRE(found.balance == expected.balance);
}

void require_round_trip(const record& one) {
    const std::vector<std::byte> bytes = encoded(one);
    REQUIRE(bytes.size() == encoded_bytes(one));
    REQUIRE(bytes.size() % coffer::journal::format::unit_bytes == 0);
    REQUIRE(bytes.size() >= at::min_bytes);
    const decoded_record found = decode(bytes);
    INFO(describe(found));
    REQUIRE(found);
    REQUIRE(found.bytes == bytes.size());
    REQUIRE(found.value.kind == one.kind);
    require_same(found.value.state, one.state);
    require_same(found.value.payee, one.payee);
    REQUIRE(found.value.amount == one.amount);
    REQUIRE(found.value.error == one.error);
    if (one.kind == record_kind::posting)
        REQUIRE(found.value.operation == one.operation);
    REQUIRE(found.value.key.text == one.key.text);
    REQUIRE(found.value.key.fingerprint == one.key.fingerprint);
}

const request_key a_key{"order-4711", {1, UINT64_MAX}};

record_error refusal_of(const record& one) {
    return decode(encoded(one)).error;
}

}  // namespace

TEST_CASE("record: every kind is decoded as it was encoded", "[journal]") {
    for (const request_key& key : {request_key{}, a_key}) {
        require_round_trip(record::of_opening({7, 1, cents(0)}, key));
        require_round_trip(record::of_opening({7, 1, cents(500)}, key));
        require_round_trip(record::of_deposit({7, 2, cents(500)}, cents(500), key));
        require_round_trip(record::of_withdrawal({7, 3, cents(0)}, cents(500), key));
        require_round_trip(
            record::of_transfer({7, 4, cents(0)}, {8, 2, cents(12)}, cents(12), key));
        require_round_trip(record::of_refusal(errc::insufficient_funds, {7, 5, cents(3)}, key));
        require_round_trip(record::of_refusal(errc::no_such_account, {9, 0, cents(0)}, key));
    }
}

TEST_CASE("record: holds the edges of accounts, sequences and balances", "[journal]") {
    const posting most{UINT64_MAX, coffer::account::max_sequence, cents(INT64_MAX)};
    require_round_trip(record::of_deposit(most, cents(INT64_MAX)));
    require_round_trip(record::of_transfer({1, 2, cents(0)}, most, cents(INT64_MAX), a_key));
    require_round_trip(record::of_withdrawal({1, 2, cents(0)}, cents(INT64_MAX)));
}

TEST_CASE("record: a key may have any length from 1 to 255", "[journal]") {
    for (std::size_t length = 1; length <= at::max_key_bytes; ++length) {
        const std::string text(length, '~');
        require_round_trip(
            record::of_transfer({7, 4, cents(1)}, {8, 2, cents(1)}, cents(1), {text, {3, 4}}));
    }
}

TEST_CASE("is_request_key: 1 to 255 printable ASCII characters are one", "[journal]") {
    REQUIRE(is_request_key("!"));
    REQUIRE(is_request_key("a b"));
    REQUIRE(is_request_key(" "));
    REQUIRE(is_request_key(std::string(255, '~')));
    REQUIRE_FALSE(is_request_key(""));
    REQUIRE_FALSE(is_request_key(std::string(256, 'a')));
    REQUIRE_FALSE(is_request_key("a\tb"));
    REQUIRE_FALSE(is_request_key("a\x7f"));
    REQUIRE_FALSE(is_request_key("\xc3\xa9"));
    REQUIRE_FALSE(is_request_key(std::string_view{"a\0", 2}));
}

TEST_CASE("decode: refuses an unknown kind and a newer version by name", "[journal]") {
    std::vector<std::byte> bytes = encoded(record::of_deposit({7, 2, cents(5)}, cents(5)));
    std::vector<std::byte> newer = bytes;
    put<std::uint8_t>(newer, at::version_at, 6);
    REQUIRE(describe(decode(newer)) ==
            "a record of kind 1 is of version 6, which this version of coffer does not know");
    put<std::uint8_t>(bytes, at::kind_at, 9);
    REQUIRE(describe(decode(bytes)) ==
            "a record is of kind 9, which this version of coffer does not know");
}

TEST_CASE("record: only one whose key has a space is of the version that may have one",
          "[journal]") {
    const auto with_key = [](std::string_view key) {
        return record::of_deposit({7, 2, cents(5)}, cents(5), {key, {1, 2}});
    };
    require_round_trip(with_key("order 1"));
    require_round_trip(with_key(" "));
    const auto version_of = [](const std::vector<std::byte>& bytes) {
        return std::to_integer<int>(bytes[at::version_at]);
    };
    REQUIRE(version_of(encoded(with_key("order-1"))) == 1);
    REQUIRE(version_of(encoded(with_key("order 1"))) == 2);
    std::vector<std::byte> older = encoded(with_key("order 1"));
    put<std::uint8_t>(older, at::version_at, 1);
    REQUIRE(decode(older).error == record_error::malformed_key);
    put<std::uint8_t>(older, at::version_at, 0);
    REQUIRE(decode(older).error == record_error::newer_version);
}

TEST_CASE("decode: refuses what contradicts itself", "[journal]") {
    using coffer::journal::posting_operation;
    REQUIRE(refusal_of(record::of_opening({7, 2, cents(5)})) == record_error::contradiction);
    REQUIRE(refusal_of(record::of_opening({0, 1, cents(5)})) == record_error::contradiction);
    REQUIRE(refusal_of(record::of_deposit({7, 1, cents(5)}, cents(5))) ==
            record_error::contradiction);
    REQUIRE(refusal_of(record::of_deposit({7, 2, cents(5)}, cents(6))) ==
            record_error::contradiction);
    REQUIRE(refusal_of(record::of_deposit({7, 2, cents(5)}, cents(0))) ==
            record_error::contradiction);
    REQUIRE(refusal_of(record::of_withdrawal({7, 2, cents(-1)}, cents(5))) ==
            record_error::contradiction);
    REQUIRE(refusal_of(record::of_transfer({7, 2, cents(1)}, {7, 3, cents(5)}, cents(5))) ==
            record_error::contradiction);
    record altered = record::of_opening({7, 1, cents(5)});
    altered.amount = cents(6);
    REQUIRE(refusal_of(altered) == record_error::contradiction);
}

TEST_CASE("decode: refuses a record that is cut short at every length", "[journal]") {
    const auto bytes =
        encoded(record::of_transfer({7, 4, cents(0)}, {8, 2, cents(12)}, cents(12), a_key));
    for (std::size_t size = 0; size != bytes.size(); ++size)
        REQUIRE(decode(std::span{bytes}.first(size)).error == record_error::size);
}

TEST_CASE("decode: refuses what is not zero where zeros are due", "[journal]") {
    auto bytes = encoded(record::of_deposit({7, 2, cents(5)}, cents(5), {"abc", {}}));
    for (const std::size_t offset :
         {at::key_bytes_at + 1, at::key_bytes_at + 2, bytes.size() - 1}) {
        auto damaged = bytes;
        damaged[offset] = std::byte{1};
        REQUIRE(decode(damaged).error == record_error::padding);
    }
    bytes[bytes.size() - 8] = std::byte{' '};  // where the key's text begins
    REQUIRE(decode(bytes).error == record_error::malformed_key);
}
