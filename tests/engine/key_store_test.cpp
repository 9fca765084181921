#include "engine/key_store.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "core/in_threads.hpp"
#include "journal/wake_signal.hpp"

using coffer::errc;
using coffer::key_store;
using coffer::money;
using coffer::journal::request_key;
using verdict = coffer::key_store::verdict;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

// What the store's clock says. A plain function is all that a store takes.
std::atomic<std::uint64_t> now_ns{1000 * second_ns};

std::uint64_t test_clock() {
    return now_ns;
}

key_store::limits for_ten_seconds(std::size_t keys = 1000) {
    return {keys, 10s};
}

request_key key(std::string_view text, std::uint64_t fingerprint = 1) {
    return {text, {fingerprint, 0}};
}

void keep(key_store& store, std::string_view text, money balance = {}) {
    auto reserved = store.reserve(key(text));
    REQUIRE(reserved.verdict() == verdict::fresh);
    reserved.keep({errc::ok, balance}, nullptr, 0);
}

}  // namespace

TEST_CASE("key_store: a key that was kept has its outcome", "[engine]") {
    key_store store{for_ten_seconds(), &test_clock};
    {
        auto first = store.reserve(key("a"));
        REQUIRE(first.verdict() == verdict::fresh);
        first.keep({errc::insufficient_funds, money::from_minor(99)}, nullptr, 0);
    }
    const auto again = store.reserve(key("a"));
    REQUIRE(again.verdict() == verdict::done);
    CHECK(again.outcome().error == errc::insufficient_funds);
    CHECK(again.outcome().balance == money::from_minor(99));
    CHECK(store.reserve(key("b")).verdict() == verdict::fresh);
    CHECK(store.keys() == 1);
}

TEST_CASE("key_store: a key is in progress from the first question on", "[engine]") {
    key_store store{for_ten_seconds(), &test_clock};
    {
        const auto first = store.reserve(key("a"));
        CHECK(store.reserve(key("a")).verdict() == verdict::in_progress);
        CHECK(store.reserve(key("a", 2)).verdict() == verdict::reused);
        CHECK(store.keys() == 1);
    }
    CHECK(store.keys() == 0);
    CHECK(store.reserve(key("a")).verdict() == verdict::fresh);
}

TEST_CASE("key_store: what is done and not durable is in progress", "[engine]") {
    key_store store{for_ten_seconds(), &test_clock};
    coffer::journal::wake_signal signal;
    coffer::journal::lane lane{4096, signal, {}};
    store.reserve(key("a")).keep({errc::ok, {}}, &lane, 40);
    CHECK(store.reserve(key("a")).verdict() == verdict::in_progress);
    CHECK(store.reserve(key("a", 2)).verdict() == verdict::reused);
    lane.report_durable(39);
    CHECK(store.reserve(key("a")).verdict() == verdict::in_progress);
    lane.report_durable(40);
    CHECK(store.reserve(key("a")).verdict() == verdict::done);
}

TEST_CASE("key_store: what is not durable is not over, however long that takes", "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(), &test_clock};
    coffer::journal::wake_signal signal;
    coffer::journal::lane lane{4096, signal, {}};
    store.reserve(key("a")).keep({errc::ok, {}}, &lane, 40);
    now_ns += 11 * second_ns;
    CHECK(store.reserve(key("a")).verdict() == verdict::in_progress);
    lane.report_durable(40);
    CHECK(store.reserve(key("a")).verdict() == verdict::done);
}

TEST_CASE("key_store: a life begins when the outcome is durable, not when it was asked for",
          "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(), &test_clock};
    coffer::journal::wake_signal signal;
    coffer::journal::lane lane{4096, signal, {}};
    key_store::id asked{};
    {
        auto reserved = store.reserve(key("a"));
        reserved.keep({errc::ok, {}}, &lane, 40);
        asked = reserved.key();
    }
    // The disk hangs for longer than a key lives.
    now_ns += 20 * second_ns;
    lane.report_durable(40);
    store.note_durable(asked);
    now_ns += 10 * second_ns - 1;
    CHECK(store.reserve(key("a")).verdict() == verdict::done);
    ++now_ns;
    CHECK(store.reserve(key("a")).verdict() == verdict::fresh);
}

TEST_CASE("key_store: keys that were given up leave no memory behind", "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(), &test_clock};
    for (int i = 0; i != 10'000; ++i)
        static_cast<void>(store.reserve(key("warm up " + std::to_string(i))));
    const std::size_t before = store.bytes();
    for (int i = 0; i != 100'000; ++i)
        static_cast<void>(store.reserve(key(std::to_string(i))));
    CHECK(store.keys() == 0);
    CHECK(store.bytes() == before);
}

TEST_CASE("key_store: another request with a known key is refused as such", "[engine]") {
    key_store store{for_ten_seconds(), &test_clock};
    keep(store, "a");
    CHECK(store.reserve(key("a", 2)).verdict() == verdict::reused);
    CHECK(store.reserve(key("a", 1)).verdict() == verdict::done);
}

TEST_CASE("key_store: a key is forgotten after its time to live, and not before", "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(), &test_clock};
    keep(store, "a");
    now_ns += 10 * second_ns - 1;
    CHECK(store.reserve(key("a")).verdict() == verdict::done);
    ++now_ns;
    CHECK(store.reserve(key("a", 2)).verdict() == verdict::fresh);
    // Journal time does not go back when the clock does.
    keep(store, "b");
    now_ns += 10 * second_ns;
    keep(store, "c");
    now_ns = 0;
    CHECK(store.reserve(key("b")).verdict() == verdict::fresh);
    CHECK(store.reserve(key("c")).verdict() == verdict::done);
}

TEST_CASE("key_store: has no more keys than its limit, and room again in time", "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(100), &test_clock};
    for (int i = 0; i != 100; ++i)
        keep(store, std::to_string(i));
    CHECK(store.reserve(key("one more")).verdict() == verdict::full);
    CHECK(store.reserve(key("7")).verdict() == verdict::done);
    CHECK(store.keys() == 100);
    CHECK(store.bytes() > 100 * 40);
    now_ns += 10 * second_ns;
    // Each question clears up where its key would be.
    for (int i = 0; i != 10'000 && store.keys() > 1; ++i)
        static_cast<void>(store.reserve(key("new " + std::to_string(i))));
    CHECK(store.keys() <= 1);
    keep(store, "at last");
}

TEST_CASE("key_store: one that was given up and asked for again lives its whole time", "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(), &test_clock};
    static_cast<void>(store.reserve(key("a")));
    now_ns += 5 * second_ns;
    keep(store, "a");
    now_ns += 6 * second_ns;
    CHECK(store.reserve(key("a")).verdict() == verdict::done);
}

TEST_CASE("restore: brings back what is not over its time, the later of two", "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(2), &test_clock};
    store.restore(key("old"), {errc::ok, {}}, 990 * second_ns, 990 * second_ns);
    store.restore(key("a"), {errc::ok, money::from_minor(1)}, 991 * second_ns, 991 * second_ns);
    store.restore(key("a", 5), {errc::ok, money::from_minor(2)}, 999 * second_ns, 999 * second_ns);
    store.restore(key("b"), {errc::ok, money::from_minor(3)}, 999 * second_ns, 999 * second_ns);
    store.restore(key("beyond"), {errc::ok, money::from_minor(4)}, 999 * second_ns,
                  999 * second_ns);
    CHECK(store.keys() == 3);
    CHECK(store.reserve(key("old")).verdict() == verdict::full);
    CHECK(store.reserve(key("a", 5)).outcome().balance == money::from_minor(2));
    CHECK(store.reserve(key("beyond")).outcome().balance == money::from_minor(4));
}

TEST_CASE("living: the oldest key whose life is not over, under way or restored", "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(), &test_clock};
    CHECK_FALSE(store.living().oldest_ns);
    CHECK(store.living().now_ns == 1000 * second_ns);
    store.restore(key("restored"), {errc::ok, {}}, 995 * second_ns, 995 * second_ns);
    auto in_hand = store.reserve(key("in hand"));
    now_ns += 2 * second_ns;
    static_cast<void>(store.reserve(key("given up")));
    now_ns += 1 * second_ns;
    for (int i = 0; i != 100; ++i)
        keep(store, std::to_string(i));
    now_ns = 1005 * second_ns - 1;
    CHECK(store.living().oldest_ns == 995 * second_ns);
    // The one under way lives however old it is.
    now_ns = 1012 * second_ns;
    CHECK(store.living().oldest_ns == 1000 * second_ns);
    in_hand.keep({errc::ok, {}}, nullptr, 0);
    CHECK(store.living().oldest_ns == 1003 * second_ns);
    now_ns = 1013 * second_ns - 1;
    CHECK(store.living().oldest_ns == 1003 * second_ns);
    ++now_ns;
    CHECK_FALSE(store.living().oldest_ns);
    CHECK(store.keys() == 0);
}

TEST_CASE("living: what was over once stays so when the clock goes back", "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(), &test_clock};
    keep(store, "a");
    now_ns += 10 * second_ns;
    CHECK_FALSE(store.living().oldest_ns);
    now_ns -= 5 * second_ns;
    CHECK(store.living().now_ns == 1010 * second_ns);
    CHECK(store.reserve(key("a")).verdict() == verdict::fresh);
}

TEST_CASE("key_store: of many threads that ask for one key, one does it", "[engine]") {
    now_ns = 1000 * second_ns;
    key_store store{for_ten_seconds(100'000), &test_clock};
    constexpr int rounds = 2000;
    std::vector<std::atomic<int>> done(rounds);
    coffer::tests::in_threads(3, [&](std::size_t) {
        for (int i = 0; i != rounds; ++i) {
            auto reserved = store.reserve(key(std::to_string(i)));
            if (reserved.verdict() != verdict::fresh)
                continue;
            ++done[static_cast<std::size_t>(i)];
            reserved.keep({errc::ok, {}}, nullptr, 0);
        }
    });
    CHECK(std::ranges::all_of(done, [](const std::atomic<int>& times) { return times == 1; }));
    CHECK(store.keys() == rounds);
}
