#include "snapshot/snapshot_order.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "captured_log.hpp"
#include "catch.hpp"
#include "snapshot/snapshotter.hpp"
#include "some_marks.hpp"
#include "temporary_directory.hpp"

using namespace std::chrono_literals;
using coffer::snapshot::journal_marks;
using coffer::snapshot::snapshot_directory;
using coffer::snapshot::snapshot_order;
using coffer::snapshot::snapshotter;
using coffer::test::captured_log;
using coffer::test::some_marks;
using coffer::test::temporary_directory;

namespace {

/// An order, and when it ends.
struct waited_for {
    std::promise<void> ended;
    std::shared_ptr<snapshot_order> order =
        std::make_shared<snapshot_order>([this] { ended.set_value(); });

    snapshot_order::state wait() {
        REQUIRE(ended.get_future().wait_for(60s) == std::future_status::ready);
        return order->now();
    }
};

}  // namespace

TEST_CASE("snapshot order: is taken at once, also where the newest covers everything",
          "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    REQUIRE(ledger.open(10001));
    snapshotter taker{ledger, snapshot_directory{place.path()}, {0ms, 5}, some_marks()};
    CHECK_FALSE(taker.age());
    for (const char* const name : {"1.json", "2.json"}) {
        waited_for one;
        REQUIRE(taker.take_now(one.order));
        CHECK(one.wait() == snapshot_order::state::taken);
        CHECK(one.order->name == name);
        CHECK(one.order->accounts == 1);
    }
    CHECK(taker.taken() == 2);
    REQUIRE(taker.age());
    CHECK(*taker.age() < 1h);
}

TEST_CASE("snapshot order: is refused while one is being taken, and once it stops", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    std::promise<void> begun;
    std::promise<void> goes_on;
    journal_marks marks = some_marks();
    marks.barrier = [&, barrier = marks.barrier, wait = goes_on.get_future().share()] {
        begun.set_value();
        wait.wait();
        return barrier();
    };
    snapshotter taker{ledger, snapshot_directory{place.path()}, {0ms, 5}, marks};
    waited_for first;
    waited_for second;
    REQUIRE(taker.take_now(first.order));
    begun.get_future().wait();
    CHECK_FALSE(taker.take_now(second.order));
    goes_on.set_value();
    CHECK(first.wait() == snapshot_order::state::taken);
    taker.stop();
    CHECK_FALSE(taker.take_now(second.order));
    CHECK(second.order->now() == snapshot_order::state::pending);
}

TEST_CASE("snapshot order: ends as failed where the snapshot fails", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    journal_marks marks = some_marks();
    marks.barrier = [] { return std::nullopt; };
    snapshotter taker{ledger, snapshot_directory{place.path()}, {0ms, 5}, marks};
    waited_for one;
    REQUIRE(taker.take_now(one.order));
    CHECK(one.wait() == snapshot_order::state::failed);
    CHECK(taker.failed() == 1);
}
