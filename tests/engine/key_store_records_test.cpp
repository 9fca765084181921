// Keys whose outcomes have a record.
#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "engine/key_store.hpp"

using coffer::errc;
using coffer::kept_outcome;
using coffer::key_store;
using verdict = coffer::key_store::verdict;
using namespace std::chrono_literals;

namespace {

std::atomic<std::uint64_t> now_ns{1'000'000'000};

std::uint64_t test_clock() {
    return now_ns;
}

/// Bytes that stand for a record: the store does not read them.
std::vector<std::byte> record_of(std::size_t size, std::uint8_t fill) {
    return std::vector<std::byte>(size, std::byte{fill});
}

coffer::journal::request_key key(std::string_view text) {
    return {text, {1, 0}};
}

void keep(key_store& store, std::string_view text, std::size_t room,
          const std::vector<std::byte>& record, errc error = errc::ok) {
    auto reserved = store.reserve(key(text), room);
    REQUIRE(reserved.verdict() == verdict::fresh);
    reserved.keep({.error = error, .record = record}, nullptr, 0);
}

bool has(key_store& store, std::string_view text, const std::vector<std::byte>& record,
         errc error = errc::ok) {
    const auto found = store.reserve(key(text));
    return found.verdict() == verdict::done && found.outcome().error == error &&
           std::ranges::equal(found.outcome().record, record);
}

}  // namespace

TEST_CASE("key_store: a key that was kept has its record", "[engine]") {
    key_store store{{1000, 10s}, &test_clock};
    keep(store, "a", 48, record_of(40, 1));
    keep(store, "b", 328, record_of(328, 2));
    keep(store, "c", 328, record_of(32, 3), errc::hold_ended);
    keep(store, "d", 0, {});
    for (int i = 0; i != 2; ++i) {
        CHECK(has(store, "a", record_of(40, 1)));
        CHECK(has(store, "b", record_of(328, 2)));
        CHECK(has(store, "c", record_of(32, 3), errc::hold_ended));
        CHECK(has(store, "d", {}));
    }
}

TEST_CASE("key_store: a record is kept while others come and go around it", "[engine]") {
    key_store store{{100'000, 10s}, &test_clock};
    for (int i = 0; i != 20'000; ++i)
        keep(store, std::to_string(i), 64, record_of(64, static_cast<std::uint8_t>(i)));
    for (int i = 0; i != 20'000; ++i)
        REQUIRE(has(store, std::to_string(i), record_of(64, static_cast<std::uint8_t>(i))));
}

TEST_CASE("key_store: the memory of records is counted, and given back", "[engine]") {
    key_store store{{1000, 10s}, &test_clock};
    // A turn of the parts' tables, which keep some memory of their own.
    const auto bytes_with = [&store](std::size_t room) {
        keep(store, "a", room, record_of(room, 1));
        const std::size_t bytes = store.bytes();
        now_ns += 11'000'000'000;
        static_cast<void>(store.living());
        CHECK(store.keys() == 0);
        return bytes;
    };
    const std::size_t small = bytes_with(0);
    const std::size_t empty = store.bytes();
    CHECK(bytes_with(300) >= small + 300);
    CHECK(store.bytes() == empty);
    {
        const auto given_up = store.reserve(key("a"), 300);
        CHECK(store.bytes() >= small + 300);
    }
    CHECK(store.bytes() == empty);
    store.restore(key("a"), {.record = record_of(300, 1)}, now_ns, now_ns);
    CHECK(store.bytes() >= small + 300);
    CHECK(has(store, "a", record_of(300, 1)));
    // Another one in its place.
    store.restore(key("a"), {.balance = coffer::money::from_minor(7)}, now_ns, now_ns);
    CHECK(store.bytes() < small + 300);
    CHECK(store.reserve(key("a")).outcome().balance == coffer::money::from_minor(7));
}

TEST_CASE("key_store: of the memory for a record only as much is kept as it needs", "[engine]") {
    key_store store{{1000, 10s}, &test_clock};
    keep(store, "a", 0, {});
    const std::size_t none = store.bytes();
    now_ns += 11'000'000'000;
    static_cast<void>(store.living());
    keep(store, "a", 300, record_of(40, 1));
    CHECK(store.bytes() >= none + 40);
    CHECK(store.bytes() < none + 80);
    CHECK(has(store, "a", record_of(40, 1)));
    now_ns += 11'000'000'000;
    static_cast<void>(store.living());
    keep(store, "a", 300, record_of(300, 2));
    CHECK(store.bytes() >= none + 300);
    CHECK(has(store, "a", record_of(300, 2)));
}
