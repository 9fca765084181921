#include <array>
#include <string>
#include <vector>

#include <coffer/account.hpp>

#include "catch.hpp"
#include "journal/little_endian.hpp"
#include "journal/random_records.hpp"
#include "journal/record.hpp"

namespace at = coffer::journal::format::record;

using coffer::account_status;
using coffer::errc;
using coffer::hold;
using coffer::hold_status;
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

void require_same(const posting& found, const posting& expected) {
    REQUIRE(found.account == expected.account);
    REQUIRE(found.sequence == expected.sequence);
    REQUIRE(found.balance == expected.balance);
    REQUIRE(found.held == expected.held);
}

void require_same(const record& found, const record& expected) {
    REQUIRE(found.kind == expected.kind);
    require_same(found.state, expected.state);
    require_same(found.payee, expected.payee);
    REQUIRE(found.amount == expected.amount);
    REQUIRE(found.error == expected.error);
    REQUIRE(found.names_account == expected.names_account);
    REQUIRE(found.actor == expected.actor);
    REQUIRE(found.hold.status == expected.hold.status);
    if (expected.kind == record_kind::posting)
        REQUIRE(found.operation == expected.operation);
    if (expected.kind == record_kind::status)
        REQUIRE(found.status == expected.status);
    REQUIRE(found.legs.size() == expected.legs.size());
    for (std::size_t i = 0; i != expected.legs.size(); ++i) {
        require_same(found.legs[i].state, expected.legs[i].state);
        REQUIRE(found.legs[i].amount == expected.legs[i].amount);
    }
    if (expected.kind != record_kind::hold)
        return;
    REQUIRE(found.holding == expected.holding);
    REQUIRE(found.hold.account == expected.hold.account);
    REQUIRE(found.hold.id == expected.hold.id);
    REQUIRE(found.hold.amount == expected.hold.amount);
    REQUIRE(found.hold.captured == expected.hold.captured);
    REQUIRE(found.hold.remaining == expected.hold.remaining);
    REQUIRE(found.hold.expires_at_ns == expected.hold.expires_at_ns);
}

record_error error_of(const record& one) {
    return decode(encoded(one)).error;
}

// What may be altered to be wrong.
const posting after{7, 9, cents(100), cents(40)};
const hold open_hold{
    .account = 7, .id = {5, 3}, .amount = cents(50), .captured = cents(10), .remaining = cents(40)};

record a_capture() {
    return record::of_hold(hold_operation::capture, {errc::ok, after, open_hold}, cents(10));
}
record an_expiry() {
    hold ended = open_hold;
    ended.remaining = {};
    ended.status = hold_status::expired;
    ended.expires_at_ns = 5;
    return record::of_hold(hold_operation::expiry, {errc::ok, {7, 9, cents(100)}, ended},
                           cents(40));
}
record a_placing() {
    const hold placed{.account = 7, .id = {9, 3}, .amount = cents(40), .remaining = cents(40)};
    return record::of_hold(hold_operation::placing, {errc::ok, after, placed}, cents(40));
}

template <class Alter>
void refuses(record one, Alter alter) {
    REQUIRE(error_of(one) == record_error::none);
    alter(one);
    REQUIRE(error_of(one) == record_error::contradiction);
}

}  // namespace

TEST_CASE("record: whatever it is of, it is decoded as it was encoded", "[journal]") {
    random_records records{1};
    for (int i = 0; i != 20'000; ++i) {
        INFO("record " << i);
        const record one = records.next();
        const std::vector<std::byte> bytes = encoded(one);
        REQUIRE(bytes.size() == encoded_bytes(one));
        REQUIRE(bytes.size() % format::unit_bytes == 0);
        REQUIRE(bytes.size() >= at::min_bytes);
        const decoded_record found = decode(bytes);
        INFO(describe(found));
        REQUIRE(found);
        REQUIRE(found.bytes == bytes.size());
        require_same(found.value, one);
        REQUIRE(found.value.key.text == one.key.text);
        REQUIRE(found.value.key.fingerprint == one.key.fingerprint);
    }
}

TEST_CASE("record: is kept without its key and name for a repeated request", "[journal]") {
    random_records records{2};
    for (int i = 0; i != 5'000; ++i) {
        const record one = records.next();
        std::array<std::byte, at::max_bytes_without_key> bytes;
        const std::size_t size = encode_without_key(one, bytes);
        REQUIRE(size == encoded_bytes_without_key(one));
        const decoded_record found = decode(std::span{bytes}.first(size));
        REQUIRE(found);
        record kept = one;
        kept.actor = {};
        require_same(found.value, kept);
        REQUIRE(found.value.key.text.empty());
    }
}

TEST_CASE("record: is of the oldest version that can express it", "[journal]") {
    const request_key spaced{"a b", {}};
    const posting plain{7, 9, cents(100)};
    REQUIRE(version_of(record::of_deposit(plain, cents(1))) == 1);
    REQUIRE(version_of(record::of_deposit(plain, cents(1), spaced)) == 2);
    REQUIRE(version_of(record::of_deposit(after, cents(1))) == 3);
    REQUIRE(version_of(record::of_deposit(after, cents(1), spaced)) == 3);
    REQUIRE(version_of(record::of_transfer({8, 2, cents(5)}, after, cents(1))) == 3);
    REQUIRE(version_of(record::of_refusal(errc::insufficient_funds, after, {})) == 3);
    const posted_leg legs[]{{{8, 2, cents(5)}, cents(-3)}, {after, cents(3)}};
    REQUIRE(version_of(record::of_transaction(legs)) == 3);
    REQUIRE(version_of(an_expiry()) == 1);
}

TEST_CASE("decode: names an unknown version and detail of every kind", "[journal]") {
    std::vector<std::byte> bytes = encoded(an_expiry());
    put<std::uint8_t>(bytes, at::version_at, 6);
    REQUIRE(describe(decode(bytes)) ==
            "a record of kind 5 is of version 6, which this version of coffer does not know");
    put<std::uint8_t>(bytes, at::version_at, 1);
    put<std::uint8_t>(bytes, at::detail_at, 6);
    REQUIRE(describe(decode(bytes)) ==
            "a record of kind 5 has the detail 6, which this version of coffer does not know");
    for (const int legs : {0, 1, 9}) {
        put<std::uint8_t>(bytes, at::kind_at, 4);
        put<std::uint8_t>(bytes, at::detail_at, static_cast<std::uint8_t>(legs));
        REQUIRE(decode(bytes).error == record_error::unknown_detail);
    }
}

TEST_CASE("decode: refuses states that cannot be, held ones too", "[journal]") {
    refuses(record::of_deposit(after, cents(1)), [](record& one) { one.state.held = cents(101); });
    refuses(record::of_deposit(after, cents(1)), [](record& one) { one.state.held = cents(-1); });
    refuses(record::of_opening({7, 1, cents(5)}), [](record& one) { one.state.held = cents(5); });
    refuses(record::of_status({{7, 3, {}}, account_status::open}),
            [](record& one) { one.state.sequence = 2; });
    refuses(record::of_status({{7, 3, {}}, account_status::closed}),
            [](record& one) { one.state.balance = cents(1); });
    refuses(record::of_hold_ended(hold_status::expired, after, {}),
            [](record& one) { one.hold.status = hold_status::held; });
}

TEST_CASE("decode: refuses a transaction that contradicts itself", "[journal]") {
    const std::vector<posted_leg> legs{{{1, 5, cents(100)}, cents(-30)},
                                       {{2, 5, cents(100), cents(1)}, cents(29)},
                                       {{3, 5, cents(100)}, cents(1)}};
    const auto error_with = [&legs](auto alter) {
        auto altered = legs;
        alter(altered);
        return error_of(record::of_transaction(altered));
    };
    using leg_vector = std::vector<posted_leg>;
    REQUIRE(error_with([](leg_vector&) {}) == record_error::none);
    const auto contradiction = record_error::contradiction;
    REQUIRE(error_with([](leg_vector& of) { of[1].amount = cents(28); }) == contradiction);
    REQUIRE(error_with([](leg_vector& of) { of[2].state.account = 1; }) == contradiction);
    REQUIRE(error_with([](leg_vector& of) { of[0].state.account = 0; }) == contradiction);
    REQUIRE(error_with([](leg_vector& of) { of[0].state.sequence = 1; }) == contradiction);
    REQUIRE(error_with([](leg_vector& of) { of[1].state.balance = cents(28); }) == contradiction);
    REQUIRE(error_with([](leg_vector& of) {
                of[1].amount = cents(30);
                of[2].amount = {};
            }) == contradiction);
    REQUIRE(error_with([](leg_vector& of) { of.pop_back(); }) == contradiction);
    REQUIRE(error_with([](leg_vector& of) {
                of[0].amount = cents(INT64_MAX);
                of[0].state.balance = of[1].state.balance = cents(INT64_MAX);
                of[1].amount = cents(INT64_MAX);
                of[2].amount = cents(2);
            }) == contradiction);
}

TEST_CASE("decode: refuses a hold that contradicts itself", "[journal]") {
    refuses(a_capture(), [](record& one) { one.hold.remaining = cents(39); });
    refuses(a_capture(), [](record& one) { one.hold.captured = cents(51); });
    refuses(a_capture(), [](record& one) { one.amount = cents(11); });
    refuses(a_capture(), [](record& one) { one.amount = {}; });
    refuses(a_capture(), [](record& one) { one.hold.id.sequence = 9; });
    refuses(a_capture(), [](record& one) { one.hold.id.sequence = 1; });
    refuses(a_capture(), [](record& one) { one.state.held = cents(39); });
    refuses(a_capture(), [](record& one) { one.hold.status = hold_status::captured; });
    refuses(a_capture(), [](record& one) { one.hold.expires_at_ns = -1; });
    refuses(a_capture(), [](record& one) { one.holding = hold_operation::release; });
    refuses(a_capture(), [](record& one) { one.payee = {7, 3, cents(10)}; });
    refuses(a_capture(), [](record& one) { one.payee = {8, 3, cents(9)}; });
    refuses(an_expiry(), [](record& one) { one.hold.expires_at_ns = 0; });
    refuses(an_expiry(), [](record& one) { one.amount = cents(39); });
    refuses(an_expiry(), [](record& one) { one.hold.remaining = cents(40); });
    refuses(an_expiry(), [](record& one) { one.holding = hold_operation::release; });
    refuses(a_placing(), [](record& one) { one.hold.id.sequence = 8; });
    refuses(a_placing(), [](record& one) { one.amount = cents(41); });
    refuses(a_placing(), [](record& one) {
        one.hold.captured = cents(1);
        one.hold.remaining = cents(39);
    });
}

TEST_CASE("decode: refuses every kind that is cut short, and padding that is not zero",
          "[journal]") {
    random_records records{3};
    for (int i = 0; i != 200; ++i) {
        const auto bytes = encoded(records.next());
        for (std::size_t size = 0; size != bytes.size(); ++size)
            REQUIRE(decode(std::span{bytes}.first(size)).error == record_error::size);
    }
    const std::size_t hold_at = at::header_bytes + at::state_bytes(1);
    auto bytes = encoded(an_expiry());
    bytes[hold_at + at::hold_status_at + 3] = std::byte{1};
    REQUIRE(decode(bytes).error == record_error::padding);
    bytes = encoded(record::of_hold_ended(hold_status::expired, {7, 2, cents(1)}, {}));
    bytes[at::header_bytes + at::state_bytes(3) + 1] = std::byte{1};
    REQUIRE(decode(bytes).error == record_error::padding);
}

TEST_CASE("record: none has a sector's length of zeros in it, so torn batches are told apart",
          "[journal]") {
    random_records records{4};
    std::vector<std::byte> all;
    for (int i = 0; i != 20'000; ++i) {
        const auto bytes = encoded(records.next());
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    std::size_t zeros = 0;
    std::size_t most_zeros = 0;
    for (const std::byte one : all) {
        zeros = one == std::byte{0} ? zeros + 1 : 0;
        most_zeros = std::max(most_zeros, zeros);
    }
    CHECK(most_zeros > 16);  // the generator makes long runs of them
    REQUIRE(most_zeros < at::max_zeros);
}

TEST_CASE("record: a refusal by a hold that has ended has a version that tells it apart",
          "[journal]") {
    // A program that knows versions 1 and 2 alone takes the size of any refusal for 32 bytes.
    auto bytes = encoded(record::of_hold_ended(hold_status::captured, {7, 2, cents(1)}, {}));
    REQUIRE(bytes[format::record::version_at] == std::byte{3});
    bytes[format::record::version_at] = std::byte{1};
    REQUIRE(decode(bytes).error == record_error::unknown_detail);
}

TEST_CASE("record: a refusal whose reply names the account is of version 4, and only that",
          "[journal]") {
    for (const errc error :
         {errc::insufficient_funds, errc::account_closed, errc::balance_overflow}) {
        record one = record::of_refusal(error, {7, 3, cents(100)}, {"key", {1, 2}});
        REQUIRE(version_of(one) == 1);
        REQUIRE_FALSE(decode(encoded(one)).value.names_account);
        one.names_account = true;
        REQUIRE(version_of(one) == 4);
        auto bytes = encoded(one);
        const decoded_record found = decode(bytes);
        REQUIRE(found);
        REQUIRE(found.value.names_account);
        require_same(found.value, one);
        REQUIRE(found.value.key.text == "key");
        for (const std::byte other : {std::byte{0}, std::byte{2}}) {
            bytes[at::names_at] = other;
            REQUIRE(decode(bytes).error == record_error::padding);
        }
    }
    // Another kind of record has no such version.
    auto deposit = encoded(record::of_deposit({7, 3, cents(100)}, cents(1)));
    deposit[at::version_at] = std::byte{4};
    REQUIRE(decode(deposit).error == record_error::newer_version);
    deposit[at::version_at] = std::byte{1};
    deposit[at::names_at] = std::byte{1};
    REQUIRE(decode(deposit).error == record_error::padding);
}
