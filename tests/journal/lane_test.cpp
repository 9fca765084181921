#include "journal/lane.hpp"

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"

using coffer::money;
using namespace coffer::journal;

namespace {

record a_deposit(std::uint64_t sequence, request_key key = {}) {
    return record::of_deposit({7, sequence, money::from_minor(9)}, money::from_minor(1), key);
}

/// The sequences of what is in the lane, a marker's below zero; consumes it.
std::vector<std::int64_t> drain(lane& from, lane_ticket& at) {
    std::vector<std::int64_t> found;
    for (const lane_ticket end = from.published(); at != end;) {
        const lane_entry one = from.entry_at(at);
        if (one.what == lane_entry::kind::record) {
            REQUIRE(decode(one.bytes));
            found.push_back(static_cast<std::int64_t>(entry_keys{one}[0].sequence));
        }
        if (one.what == lane_entry::kind::marker)
            found.push_back(-static_cast<std::int64_t>(entry_keys{one}[0].sequence));
        at += one.bytes.size();
    }
    from.consume(at);
    return found;
}

}  // namespace

TEST_CASE("lane: what is appended is seen after end, and not before", "[journal]") {
    wake_signal signal;
    lane one{lane::min_bytes, signal, {}};
    lane_ticket at = 0;
    one.begin();
    REQUIRE(one.has_room_for(2));
    const lane_ticket first = one.append(a_deposit(2));
    const lane_ticket second = one.append_marker(7, 5);
    REQUIRE(first < second);
    REQUIRE(drain(one, at).empty());
    one.end();
    REQUIRE(drain(one, at) == std::vector<std::int64_t>{2, -5});
    REQUIRE(at == second);
    REQUIRE_FALSE(one.is_durable(first));
    one.report_durable(first);
    REQUIRE(one.is_durable(first));
    REQUIRE_FALSE(one.is_durable(second));
}

TEST_CASE("lane: calls on_durable when more is durable", "[journal]") {
    wake_signal signal;
    int calls = 0;
    lane one{lane::min_bytes, signal, [&calls] { ++calls; }};
    one.report_durable(8);
    one.report_durable(16);
    REQUIRE(calls == 2);
}

TEST_CASE("reserve: says when it is full, and again when there is room", "[journal]") {
    wake_signal signal;
    lane one{8192, signal, {}};
    REQUIRE_FALSE(one.has_room_for(20));
    one.begin();
    std::uint64_t appended = 0;
    while (one.has_room_for())
        one.append(a_deposit(++appended + 1));
    one.end();
    REQUIRE(appended > 100);
    REQUIRE_FALSE(one.has_room_for());
    lane_ticket at = 0;
    REQUIRE(drain(one, at).size() == appended);
    REQUIRE(one.has_room_for());
}

TEST_CASE("lane: entries of all sizes go around the ring's end whole", "[journal]") {
    wake_signal signal;
    lane one{lane::min_bytes, signal, {}};
    std::mt19937 random{2};
    const std::string letters(255, 'k');
    lane_ticket at = 0;
    for (std::uint64_t sequence = 2; sequence < 20'000;) {
        std::vector<std::int64_t> expected;
        one.begin();
        for (; one.has_room_for(); ++sequence) {
            const std::size_t key_bytes = random() % 256;
            const bool marker = random() % 4 == 0;
            if (marker)
                one.append_marker(7, sequence);
            else
                one.append(a_deposit(
                    sequence, {std::string_view{letters}.substr(0, key_bytes), {sequence, 1}}));
            const auto value = static_cast<std::int64_t>(sequence);
            expected.push_back(marker ? -value : value);
            if (random() % 3 == 0)
                break;
        }
        one.end();
        REQUIRE(drain(one, at) == expected);
    }
}

TEST_CASE("barrier: comes after what was seen in the ledger is published", "[journal][stress]") {
    constexpr std::uint64_t last = 20'000;
    wake_signal signal;
    lane one{1 << 21, signal, {}};
    coffer::ledger ledger;
    REQUIRE(ledger.open(7));
    std::atomic<bool> done{false};
    std::thread producer{[&] {
        for (std::uint64_t i = 2; i <= last; ++i) {
            one.begin();
            const auto made = ledger.deposit(7, money::from_minor(1));
            one.append(record::of_deposit(made.posting, money::from_minor(1)));
            one.end();
        }
        done = true;
    }};
    std::uint64_t early = 0;
    lane_ticket at = 0;
    std::uint64_t drained = 1;
    while (!done) {
        const std::uint64_t seen = ledger.balance(7).posting.sequence;
        const lane_ticket ticket = one.barrier();
        for (; at != ticket; ++drained)
            at += one.entry_at(at).bytes.size();
        early += drained < seen ? 1 : 0;
    }
    producer.join();
    REQUIRE(early == 0);
}
