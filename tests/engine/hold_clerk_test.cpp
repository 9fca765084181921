#include "engine/hold_clerk.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "core/in_threads.hpp"
#include "engine/engine.hpp"
#include "engine/engine_behind_a_gate.hpp"

using coffer::engine;
using coffer::errc;
using coffer::hold_clerk;
using coffer::hold_id;
using coffer::hold_result;
using coffer::hold_status;
using coffer::service;
using coffer::teller;
using coffer::journal::hold_operation;
using coffer::test::engine_behind_a_gate;
using coffer::test::one_cent;
using namespace std::chrono_literals;

namespace {

using nanoseconds = std::chrono::nanoseconds;

/// An engine whose clocks the test sets, and its clerk, which is not started.
class bank_with_a_clerk {
public:
    explicit bank_with_a_clerk(std::size_t most_ended = 1000)
        : bank{std::chrono::seconds{5}, options(most_ended)}, clerk{bank.engine()} {
        bank.held().open();
    }

    /// Both clocks go on.
    void advance(nanoseconds by) {
        wall_ns += static_cast<std::uint64_t>(by.count());
        monotonic_ns += static_cast<std::uint64_t>(by.count());
    }
    hold_id place(std::optional<nanoseconds> expires_in, coffer::account_number account = 10001) {
        const hold_result made = bank.ask_and_wait(
            [&](teller& t) { return t.place_hold(account, one_cent, expires_in, {}); });
        REQUIRE(made.is_done());
        return made.hold.id;
    }
    coffer::request_result capture(hold_id id, coffer::account_number account = 10001) {
        return bank.ask_and_wait([&](teller& t) { return t.capture_hold(account, id, {}, {}); });
    }
    /// Its status; nothing if it is not known.
    std::optional<hold_status> status(hold_id id, coffer::account_number account = 10001) {
        const auto found = bank.engine().ledger().find_hold(account, id);
        return found ? std::optional{found.hold.status} : std::nullopt;
    }
    /// What the journal does for each batch, and the clerk in each turn.
    void follow_the_clock() { static_cast<void>(bank.engine().clock().stamp()); }
    /// Turns until there is nothing to do.
    void work() {
        while (clerk.work() < 10ms)
            ;
    }
    /// What was done to holds, in the journal's order, once it has ended.
    std::vector<hold_operation> operations() {
        std::vector<hold_operation> found;
        for (const auto& one : bank.ended().records())
            if (one.kind == coffer::journal::record_kind::hold)
                found.push_back(one.holding);
        return found;
    }

    std::atomic<std::uint64_t> wall_ns{coffer::journal::ledger_clock::release_ns};
    std::atomic<std::uint64_t> monotonic_ns{1000};
    std::atomic<std::uint64_t> look_ns{0};  // by how much the monotonic clock goes on when read
    engine_behind_a_gate bank;
    hold_clerk clerk;

private:
    engine::options options(std::size_t most_ended) {
        return {.tellers = 2,
                .keys = {1000, 10s},
                .ended_holds = most_ended,
                .times = coffer::journal::time_sources{
                    [this] { return wall_ns.load(); },
                    [this] { return monotonic_ns.fetch_add(look_ns); }}};
    }
};

}  // namespace

TEST_CASE("hold_clerk: expires a hold when its time has come, and not before", "[engine]") {
    bank_with_a_clerk one;
    const hold_id id = one.place(10s);
    const hold_id lasting = one.place({});
    one.work();
    one.advance(10s - 1ns);
    one.work();
    CHECK(one.status(id) == hold_status::held);
    one.advance(1ns);
    one.work();
    CHECK(one.status(id) == hold_status::expired);
    CHECK(one.status(lasting) == hold_status::held);
    CHECK(one.bank.engine().expired() == 1);
    CHECK(one.bank.engine().ledger().balance(10001).posting.available() ==
          coffer::money::from_minor(99'999));
    CHECK(one.operations() ==
          std::vector{hold_operation::placing, hold_operation::placing, hold_operation::expiry});
}

TEST_CASE("hold_clerk: notices a hold that expires before those that it knows", "[engine]") {
    bank_with_a_clerk one;
    const hold_id late = one.place(1h);
    one.work();
    const hold_id early = one.place(1s);
    one.advance(2s);
    one.work();
    CHECK(one.status(early) == hold_status::expired);
    one.advance(1h);
    one.work();
    CHECK(one.status(late) == hold_status::expired);
}

TEST_CASE("hold_clerk: a clock that jumps too far expires nothing, and one set back nothing later",
          "[engine]") {
    bank_with_a_clerk one;
    const hold_id id = one.place(10s);
    const std::uint64_t begin_ns = one.wall_ns;
    one.wall_ns += static_cast<std::uint64_t>(nanoseconds{24h * 365}.count());
    one.work();
    CHECK(one.status(id) == hold_status::held);
    one.wall_ns = begin_ns;
    one.monotonic_ns += static_cast<std::uint64_t>(nanoseconds{11s}.count());
    one.work();
    CHECK(one.status(id) == hold_status::expired);
}

TEST_CASE("hold_clerk: a clock that is set ahead a little expires holds at once", "[engine]") {
    bank_with_a_clerk one;
    const hold_id id = one.place(60s);
    one.wall_ns += static_cast<std::uint64_t>(nanoseconds{5min}.count());
    one.work();
    CHECK(one.status(id) == hold_status::expired);
}

TEST_CASE("hold_clerk: a turn ends after so much time, or so many expiries", "[engine]") {
    bank_with_a_clerk one;
    constexpr std::size_t chunk = coffer::expiry_index::chunk_slots;
    constexpr std::size_t count = hold_clerk::most_expiries + 2 * chunk;
    for (std::size_t i = 0; i != count; ++i)
        one.place(10s);
    one.work();
    one.advance(11s);
    const auto expired = [&one] { return one.bank.engine().expired(); };
    CHECK(one.clerk.work() == 1ms);
    CHECK(expired() == hold_clerk::most_expiries);
    one.look_ns = 1'000'000;
    CHECK(one.clerk.work() > 1ms);
    CHECK(expired() == hold_clerk::most_expiries + chunk);
    one.look_ns = 0;
    one.work();
    CHECK(expired() == count);
}

TEST_CASE("hold_clerk: a hold that ended before its first turn counts once", "[engine]") {
    bank_with_a_clerk one;
    CHECK(one.capture(one.place({})).is_done());
    one.work();
    CHECK(one.bank.engine().ended().size() == 1);
}

TEST_CASE("hold_clerk: finds the holds of an earlier life", "[engine]") {
    auto ledger = coffer::initial_accounts::sample().open_in_memory();
    std::vector<hold_id> ids;
    for (int i = 0; i != 200; ++i)
        ids.push_back(ledger->place_hold(10001, one_cent, i == 199 ? 1 : 0).hold.id);
    REQUIRE(ledger->release(10001, ids[5]));
    coffer::engine engine{std::move(ledger)};
    hold_clerk clerk{engine};
    while (clerk.work() < 10ms)
        ;
    CHECK(engine.ledger().find_hold(10001, ids[199]).hold.status == hold_status::expired);
    CHECK(engine.ledger().find_hold(10001, ids[198]).hold.status == hold_status::held);
    CHECK(engine.ended().size() == 2);
}

TEST_CASE("teller: a capture or a release that comes too late finds the hold expired", "[engine]") {
    bank_with_a_clerk one;
    const hold_id first = one.place(10s);
    const hold_id second = one.place(10s);
    one.advance(10s);
    one.follow_the_clock();
    CHECK(one.bank.teller_at(1).find_hold(10001, first).hold.status == hold_status::held);
    const auto late = one.capture(first);
    CHECK(late.error == errc::hold_ended);
    CHECK(late.ended_as == hold_status::expired);
    CHECK(one.bank.ask_and_wait([&](teller& t) { return t.release_hold(10001, second, {}); })
              .ended_as == hold_status::expired);
    CHECK(one.bank.engine().expired() == 2);
    one.work();
    CHECK(one.bank.engine().expired() == 2);
    CHECK(one.operations() == std::vector{hold_operation::placing, hold_operation::placing,
                                          hold_operation::expiry, hold_operation::expiry});
}

TEST_CASE("teller: a capture that was in time is repeated after the hold's moment", "[engine]") {
    bank_with_a_clerk one;
    const hold_id id = one.place(10s);
    const auto capture = [&] {
        return one.bank.ask_and_wait([&](teller& t) { return t.capture_hold(10001, id, {}, "k"); });
    };
    CHECK(capture().is_done());
    one.advance(9s);
    CHECK(capture().replayed);
    one.work();
    CHECK(one.status(id) == hold_status::captured);
}

TEST_CASE("hold_clerk: of an expiry and a capture that race, one wins", "[engine]") {
    bank_with_a_clerk one;
    int captures = 0;
    std::size_t round = 0;
    // Until each has won.
    for (int expiries = 0; round < 300 || captures == 0 || expiries == 0; ++round) {
        const hold_id id = one.place(1s);
        one.advance(1s - 1us);
        std::atomic<bool> captured{false};
        coffer::tests::in_threads(3, [&](std::size_t index) {
            const std::size_t who = (index + round) % 3;
            if (who == 0) {
                one.advance(1us);
            } else if (who == 1) {
                one.work();
            } else {
                teller& by = one.bank.teller_at(1);
                const teller::turn turn{by};
                captured = by.capture_hold(10001, id, {}, {}).is_done();
            }
        });
        one.work();
        REQUIRE(one.status(id) == (captured ? hold_status::captured : hold_status::expired));
        (captured ? captures : expiries) += 1;
    }
    CHECK(one.bank.engine().ledger().balance(10001).posting.held == coffer::money{});
}

TEST_CASE("hold_clerk: forgets a hold as long after its end as a key lives", "[engine]") {
    bank_with_a_clerk one;
    const hold_id id = one.place({});
    const hold_id open = one.place({});
    one.work();
    CHECK(one.capture(id).is_done());
    one.advance(10s - 1ns);
    one.work();
    CHECK(one.status(id) == hold_status::captured);
    one.advance(1ns);
    one.work();
    CHECK_FALSE(one.status(id));
    CHECK(one.status(open) == hold_status::held);
    CHECK(one.bank.engine().ended().size() == 0);
}

TEST_CASE("hold_clerk: forgets the oldest of too many ended holds", "[engine]") {
    bank_with_a_clerk one{2};
    one.work();
    std::vector<hold_id> ids;
    for (int i = 0; i != 3; ++i) {
        ids.push_back(one.place({}));
        CHECK(one.capture(ids.back()).is_done());
    }
    one.work();
    CHECK_FALSE(one.status(ids[0]));
    CHECK(one.status(ids[1]) == hold_status::captured);
    CHECK(one.status(ids[2]) == hold_status::captured);
}

TEST_CASE("hold_clerk: forgets no hold whose end is not durable", "[engine]") {
    bank_with_a_clerk one;
    const hold_id id = one.place({});
    one.work();
    one.bank.held().shut();
    CHECK(one.bank.ask(0, [&](teller& t) { return t.release_hold(10001, id, {}); }).is_done());
    const auto due = one.bank.due;
    one.advance(11s);
    one.work();
    CHECK(one.status(id) == hold_status::released);
    one.bank.held().open();
    one.bank.wait_until_durable(0, due);
    one.work();
    CHECK_FALSE(one.status(id));
}

TEST_CASE("hold_clerk: makes no expiry on a full disk, and makes it when there is room",
          "[engine]") {
    bank_with_a_clerk one;
    const hold_id id = one.place(1s);
    one.advance(1s);
    one.bank.log().room = false;
    for (int i = 0; i != 3; ++i)
        one.work();
    CHECK(one.status(id) == hold_status::held);
    one.bank.log().room = true;
    one.work();
    CHECK(one.status(id) == hold_status::expired);
}

TEST_CASE("hold_clerk: makes no more expiries than its lane has room for, and the rest later",
          "[engine]") {
    constexpr std::size_t count = 10'000;
    bank_with_a_clerk one;
    for (std::size_t i = 0; i != count / 100; ++i)
        one.bank.ask_and_wait([](teller& t) {
            for (int k = 0; k != 99; ++k)
                REQUIRE(t.place_hold(10009, one_cent, 1s, {}).is_done());
            return t.place_hold(10009, one_cent, 1s, {});
        });
    one.bank.held().shut();
    one.advance(1s);
    one.work();
    const auto expired = [&one] { return one.bank.engine().expired(); };
    CHECK(expired() > 100);
    CHECK(expired() < count);
    one.bank.held().open();
    while (expired() != count)
        one.work();
    CHECK(one.bank.engine().ledger().balance(10009).posting.held == coffer::money{});
}

TEST_CASE("hold_clerk: its thread expires holds, and ends when it is stopped", "[engine]") {
    bank_with_a_clerk one;
    one.clerk.start();
    const hold_id id = one.place(1s);
    one.advance(1s);
    while (one.status(id) == hold_status::held)
        std::this_thread::sleep_for(1ms);
    CHECK(one.status(id) == hold_status::expired);
    one.bank.held().shut();
    const hold_id last =
        one.bank.ask(0, [](teller& t) { return t.place_hold(10001, one_cent, 1s, {}); }).hold.id;
    one.advance(1s);
    while (one.status(last) == hold_status::held)
        std::this_thread::sleep_for(1ms);
    one.clerk.stop();
    one.clerk.stop();
    CHECK_FALSE(one.bank.teller_at(0).is_durable(one.bank.due));
    const hold_id too_late =
        one.bank.ask(0, [](teller& t) { return t.place_hold(10001, one_cent, 1s, {}); }).hold.id;
    one.advance(10s);
    std::this_thread::sleep_for(20ms);
    CHECK(one.status(too_late) == hold_status::held);
}
