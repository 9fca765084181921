// An engine that is open as a standby, and then leads.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/recovery.hpp"
#include "journal/memory_log.hpp"
#include "journal/replay.hpp"

using coffer::engine;
using coffer::errc;
using coffer::leadership;
using coffer::money;
using coffer::node_role;
using coffer::service;
using coffer::teller;
using coffer::test::memory_batches;
using coffer::test::memory_log;
using namespace std::chrono_literals;

namespace {

constexpr money cents(std::int64_t minor) {
    return money::from_minor(minor);
}

void wait_durable(teller& one, teller::ticket due) {
    one.announce();
    while (!one.is_durable(due))
        std::this_thread::sleep_for(1ms);
}

/// A leader's engine, whose log is `kept`. Each call returns once its outcome is durable.
class leading_engine {
public:
    explicit leading_engine(const std::shared_ptr<memory_batches>& kept) {
        engine_.open(std::make_unique<coffer::ledger>(), std::make_unique<memory_log>(kept), {});
    }

    template <class Call>
    auto ask(Call call) {
        teller& one = engine_.teller_at(0);
        const teller::turn turn{one};
        const auto result = call(one);
        const auto due = one.due();
        const_cast<teller::turn&>(turn).end();
        wait_durable(one, due);
        return result;
    }

private:
    engine engine_{engine::options{}};
};

/// A standby whose log is `kept`, of which it has applied all up to a batch.
class following_engine {
public:
    explicit following_engine(std::shared_ptr<memory_batches> kept,
                              coffer::engine::options chosen = {})
        : kept_{std::move(kept)}, files_{kept_}, engine_{chosen} {
        auto ledger = std::make_unique<coffer::ledger>();
        replayer_.emplace(*ledger, [this](const auto& one, const auto& of, std::uint64_t number) {
            keys_.add(one, of, number);
        });
        replayer_->follow();
        engine_.teller_at(0).on_durable([this] { ++woken; });
        engine_.open_standby(
            std::move(ledger), files_,
            {.wait_kept = [this](std::uint64_t record, auto) { return record <= synced; }});
        from_ = files_.read_from(1);
    }

    void apply() {
        while (const auto one = from_->next()) {
            const std::uint64_t last = one->after().next_record - 1;
            engine_.note_applying(last);
            replayer_->apply(*one, "memory");
            end_ = one->header.stamp;
            engine_.note_applied(last, end_);
        }
    }

    void lead(bool read_barrier = false) {
        keys_.finish(end_.running_ns);
        replayer_.reset();
        engine::journal_options chosen;
        chosen.journal_end = end_;
        chosen.read_barrier = read_barrier;
        engine_.lead(std::make_unique<memory_log>(kept_), std::move(chosen));
    }

    [[nodiscard]] coffer::engine& operator*() { return engine_; }
    [[nodiscard]] teller& at() { return engine_.teller_at(0); }

    std::atomic<int> woken{0};
    std::atomic<std::uint64_t> synced{0};

private:
    std::shared_ptr<memory_batches> kept_;
    memory_log files_;
    engine engine_;
    coffer::key_recovery keys_{engine_.keys()};
    std::optional<coffer::journal::replayer> replayer_;
    std::unique_ptr<coffer::journal::batch_cursor> from_;
    coffer::journal::batch_stamp end_{};
};

}  // namespace

TEST_CASE("standby's engine: shows what is applied, and takes no postings", "[engine]") {
    const auto kept = std::make_shared<memory_batches>();
    following_engine standby{kept};
    leading_engine leader{kept};
    REQUIRE(leader.ask([](teller& at) { return at.open_account(7, cents(100), {}); }).service ==
            service::done);
    const auto held =
        leader.ask([](teller& at) { return at.place_hold(7, cents(30), std::nullopt, {}); });
    REQUIRE((*standby).is_open());
    REQUIRE_FALSE((*standby).takes_postings());
    const int woken = standby.woken;
    standby.apply();
    REQUIRE(standby.woken > woken);
    REQUIRE((*standby).durable_record() == 2);
    const teller::turn turn{standby.at()};
    REQUIRE(standby.at().balance(7).outcome.posting.balance == cents(100));
    REQUIRE(standby.at().find_hold(7, held.hold.id).hold.remaining == cents(30));
    REQUIRE(standby.at().due() == 0);
    REQUIRE(standby.at().deposit(7, cents(1), {}).service == service::not_open);
    REQUIRE(standby.at().deposit(7, cents(1), "key").service == service::not_open);
    REQUIRE(standby.at().release_hold(7, held.hold.id, {}).service == service::not_open);
    REQUIRE(standby.at().expire_hold(7, held.hold.id) == service::not_open);
    REQUIRE((*standby).why_no_postings() == service::not_open);
    REQUIRE((*standby).ledger().balance(7).posting.sequence == 2);
}

TEST_CASE("standby's engine: a clock that is days ahead is followed only where it was not at work",
          "[engine]") {
    const bool was_at_the_end = GENERATE(true, false);
    const auto kept = std::make_shared<memory_batches>();
    leadership rights{node_role::standby};
    coffer::journal::time_sources ahead = coffer::journal::time_sources::of_system();
    ahead.wall_ns = [right = ahead.wall_ns] {
        return right() + std::chrono::nanoseconds{48h}.count();
    };
    following_engine standby{kept, {.times = ahead, .rights = &rights}};
    leading_engine leader{kept};
    REQUIRE(leader.ask([](teller& at) { return at.open_account(7, cents(100), {}); }).service ==
            service::done);
    if (was_at_the_end)
        rights.set_applied({0, leadership::boottime()});
    standby.apply();
    standby.lead();
    const std::uint64_t now = coffer::journal::time_sources::of_system().wall_ns();
    const std::uint64_t recorded = (*standby).clock().stamp().time_ns;
    const bool follows = recorded > now + std::chrono::nanoseconds{24h}.count();
    REQUIRE(follows == !was_at_the_end);
}

TEST_CASE("standby's engine: its running time is that of the journal", "[engine]") {
    const auto kept = std::make_shared<memory_batches>();
    following_engine standby{kept};
    (*standby).note_applied(1, {.time_ns = 5'000, .running_ns = 3'000});
    std::this_thread::sleep_for(2ms);
    REQUIRE((*standby).running_ns() == 3'000);
    REQUIRE((*standby).time_ns() == 5'000);
}

TEST_CASE("standby's engine: a snapshot waits until what it shows is synced", "[engine]") {
    following_engine standby{std::make_shared<memory_batches>()};
    (*standby).note_applying(4);
    REQUIRE_FALSE((*standby).barrier());
    standby.synced = 4;
    REQUIRE((*standby).barrier() == 4);
}

TEST_CASE("standby's engine: leads with the accounts, the holds and the keys that there were",
          "[engine]") {
    const auto kept = std::make_shared<memory_batches>();
    coffer::hold_id first;
    {
        leading_engine leader{kept};
        static_cast<void>(
            leader.ask([](teller& at) { return at.open_account(7, cents(100), {}); }));
        first = leader.ask([](teller& at) { return at.place_hold(7, cents(30), std::nullopt, {}); })
                    .hold.id;
        REQUIRE(leader.ask([](teller& at) { return at.deposit(7, cents(5), "once"); }).outcome);
    }
    following_engine standby{kept};
    standby.apply();
    standby.lead();
    REQUIRE((*standby).takes_postings());
    REQUIRE((*standby).durable_record() == 3);
    teller& at = standby.at();
    {
        const teller::turn turn{at};
        const auto again = at.deposit(7, cents(5), "once");
        REQUIRE(again.replayed);
        REQUIRE(again.outcome.posting.balance == cents(105));
        const auto next = at.place_hold(7, cents(1), std::nullopt, {});
        REQUIRE(next.hold.id.slot != first.slot);
        REQUIRE(at.capture_hold(7, first, {}, {}).account.balance == cents(75));
    }
    wait_durable(at, at.latest());
    REQUIRE(kept->end().next_record == 6);
    REQUIRE((*standby).running_ns() > 0);
    REQUIRE((*standby).close());
}

TEST_CASE("read barrier: an answer waits for a write to the log, if there is one", "[engine]") {
    const bool has_barrier = GENERATE(false, true);
    following_engine standby{std::make_shared<memory_batches>()};
    standby.lead(has_barrier);
    teller& at = standby.at();
    teller::ticket due = 0;
    {
        const teller::turn turn{at};
        REQUIRE(at.confirm() == service::done);
        due = at.due();
    }
    REQUIRE((due != 0) == has_barrier);
    wait_durable(at, due);
}
