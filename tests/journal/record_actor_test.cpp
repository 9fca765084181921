// The name of the token whose request made a record.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "journal/little_endian.hpp"
#include "journal/record.hpp"

namespace at = coffer::journal::format::record;

using coffer::errc;
using coffer::money;
using coffer::posting;
using namespace coffer::journal;

namespace {

constexpr money cents(std::int64_t minor) {
    return money::from_minor(minor);
}

std::vector<std::byte> encoded(const record& one) {
    std::array<std::byte, at::max_bytes> bytes;
    bytes.fill(std::byte{0xa5});  // so that what encode leaves out is seen
    const std::size_t size = encode(one, bytes);
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

int version_of(const record& one) {
    return std::to_integer<int>(encoded(one)[at::version_at]);
}

record deposit_by(std::string_view actor, request_key key = {}) {
    record made = record::of_deposit({7, 2, cents(5)}, cents(5), key);
    made.actor = actor;
    return made;
}

record refusal_by(std::string_view actor, bool names_account) {
    record made = record::of_refusal(errc::insufficient_funds, {7, 3, cents(100)}, {"key", {1, 2}});
    made.names_account = names_account;
    made.actor = actor;
    return made;
}

}  // namespace

TEST_CASE("record: only one with a name is of version 5", "[journal]") {
    REQUIRE(version_of(deposit_by("")) == 1);
    REQUIRE(version_of(deposit_by("", {"a b", {1, 2}})) == 2);
    REQUIRE(version_of(refusal_by("", true)) == 4);
    REQUIRE(version_of(deposit_by("till")) == 5);
    REQUIRE(version_of(deposit_by("till", {"a b", {1, 2}})) == 5);
    REQUIRE(version_of(refusal_by("till", true)) == 5);
}

TEST_CASE("record: has a name of any length from 1 to 64, with a key or without", "[journal]") {
    for (const request_key& key : {request_key{}, {"k", {3, 4}}, {"twelve and 8", {5, 6}}}) {
        for (std::size_t length = 1; length <= at::max_actor_bytes; ++length) {
            const std::string name(length, 'n');
            const auto bytes = encoded(deposit_by(name, key));
            const decoded_record found = decode(bytes);
            INFO(describe(found));
            REQUIRE(found);
            REQUIRE(found.bytes == bytes.size());
            REQUIRE(found.value.actor == name);
            REQUIRE(found.value.key.text == key.text);
            REQUIRE(found.value.key.fingerprint == key.fingerprint);
            REQUIRE(found.value.amount == cents(5));
        }
    }
}

TEST_CASE("record: a refusal with a name may name its account or not, and nothing else does",
          "[journal]") {
    for (const bool names : {false, true}) {
        auto bytes = encoded(refusal_by("till", names));
        REQUIRE(decode(bytes).value.names_account == names);
        bytes[at::names_at] = std::byte{2};
        REQUIRE(decode(bytes).error == record_error::padding);
    }
    auto deposit = encoded(deposit_by("till"));
    deposit[at::names_at] = std::byte{1};
    REQUIRE(decode(deposit).error == record_error::padding);
}

TEST_CASE("record: the largest is a transaction of eight legs with the longest key and name",
          "[journal]") {
    std::vector<posted_leg> legs;
    for (std::uint64_t account = 1; account <= 8; ++account)
        legs.push_back({{account, 5, cents(100), cents(1)}, cents(account % 2 == 0 ? 7 : -7)});
    const std::string text(at::max_key_bytes, 'k');
    const std::string name(at::max_actor_bytes, 'n');
    record made = record::of_transaction(legs, {text, {1, 2}});
    made.actor = name;
    const auto bytes = encoded(made);
    REQUIRE(bytes.size() == at::max_bytes);
    REQUIRE(decode(bytes));
    REQUIRE(encoded_bytes_without_key(made) == at::max_bytes_without_key);
}

TEST_CASE("is_actor_name: 1 to 64 letters, digits and four signs, a letter or a digit first",
          "[journal]") {
    for (const std::string_view name : {"a", "Z", "0", "till-3", "ann@example.com", "a_b.c-d@e"})
        REQUIRE(is_actor_name(name));
    REQUIRE(is_actor_name(std::string(64, '9')));
    REQUIRE_FALSE(is_actor_name(std::string(65, '9')));
    // A spreadsheet would take some of them for formulas.
    for (const std::string_view name : {"", "-a", "@a", ".a", "_a", "=a", "+a", "a b", "a,b", "a;b",
                                        "a\"b", "a/b", "a:b", "a\n", "a\x7f", "\xc3\xa9"})
        REQUIRE_FALSE(is_actor_name(name));
    REQUIRE_FALSE(is_actor_name(std::string_view{"a\0", 2}));
}

TEST_CASE("decode: refuses a name that no token has", "[journal]") {
    const auto bytes = encoded(deposit_by("till", {"key", {1, 2}}));
    const std::size_t name_at = bytes.size() - format::unit_bytes;
    const auto with = [&bytes](std::size_t offset, char c) {
        auto altered = bytes;
        altered[offset] = static_cast<std::byte>(c);
        return altered;
    };
    REQUIRE(decode(bytes));
    REQUIRE(decode(with(name_at, '-')).error == record_error::malformed_actor);
    REQUIRE(decode(with(name_at + 1, ' ')).error == record_error::malformed_actor);
    REQUIRE(decode(with(name_at + 3, '\0')).error == record_error::malformed_actor);
    REQUIRE(decode(with(name_at + 4, 'x')).error == record_error::padding);
    REQUIRE(decode(with(at::actor_bytes_at, 0)).error == record_error::size);
    REQUIRE(decode(with(at::actor_bytes_at, 9)).error == record_error::size);
    // The key is checked as in every version.
    REQUIRE(decode(with(name_at - format::unit_bytes, '\t')).error == record_error::malformed_key);
}

TEST_CASE("decode: refuses version 5 without a name, and a name in an older version", "[journal]") {
    auto bytes = encoded(deposit_by("till"));
    for (const int older : {1, 2, 3, 4}) {
        auto altered = bytes;
        put<std::uint8_t>(altered, at::version_at, static_cast<std::uint8_t>(older));
        REQUIRE_FALSE(decode(altered));
    }
    bytes.resize(bytes.size() - format::unit_bytes);
    put<std::uint16_t>(bytes, at::bytes_at, static_cast<std::uint16_t>(bytes.size()));
    put<std::uint8_t>(bytes, at::actor_bytes_at, 0);
    REQUIRE(decode(bytes).error == record_error::malformed_actor);
    REQUIRE(describe(decode(bytes)) == "a record has the name of a token that no token has");
}
