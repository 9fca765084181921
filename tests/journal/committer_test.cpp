#include "journal/committer.hpp"

#include <memory>
#include <vector>

#include "catch.hpp"
#include "memory_log.hpp"

using coffer::ledger;
using coffer::money;
using coffer::test::memory_log;
using namespace coffer::journal;

namespace {

constexpr money cent = money::from_minor(1);

/// One lane, a log in memory and the turns between them.
class one_lane {
public:
    explicit one_lane(std::size_t max_batch = format::batch::max_bytes,
                      std::shared_ptr<coffer::test::memory_batches> kept =
                          std::make_shared<coffer::test::memory_batches>())
        : log{std::move(kept)} {
        log.max_batch = max_batch;
        REQUIRE(ledger.restore({7, 1, {}}));
        turns = std::make_unique<committer>(ledger, log, lanes_, [this] {
            return batch_stamp{now, now};
        });
    }

    lane_ticket deposit() {
        at.begin();
        REQUIRE(at.has_room_for());
        const lane_ticket ticket =
            at.append(record::of_deposit(ledger.deposit(7, cent).posting, cent));
        at.end();
        return ticket;
    }

    coffer::ledger ledger;
    memory_log log;
    std::uint64_t now = 1'000;

private:
    wake_signal signal_;

public:
    int woken = 0;
    lane at{std::size_t{1} << 16, signal_, [this] { ++woken; }};

private:
    std::vector<lane*> lanes_{&at};

public:
    std::unique_ptr<committer> turns;
};

using progress = committer::progress;

}  // namespace

TEST_CASE("committer: reports a batch as durable once it is, and not before", "[journal]") {
    one_lane one;
    REQUIRE(one.turns->step() == progress::idle);
    one.deposit();
    const lane_ticket ticket = one.deposit();
    bool early = false;
    one.log.before_durable = [&] {
        early = one.at.is_durable(ticket) || one.ledger.durable_sequence(7) != 1;
    };
    REQUIRE(one.turns->step() == progress::committed);
    REQUIRE_FALSE(early);
    REQUIRE(one.at.is_durable(ticket));
    REQUIRE(one.ledger.durable_sequence(7) == 3);
    REQUIRE(one.woken == 1);
    REQUIRE(one.log.batches().size() == 1);
    REQUIRE(one.turns->durable_record() == 2);
    REQUIRE(one.turns->counts().records == 2);
    REQUIRE(one.turns->step() == progress::idle);
    REQUIRE(one.woken == 1);
}

TEST_CASE("committer: a batch that finds no room is appended later, with more", "[journal]") {
    one_lane one;
    one.log.room = false;
    const lane_ticket first = one.deposit();
    REQUIRE(one.turns->step() == progress::no_room);
    const lane_ticket second = one.deposit();
    REQUIRE(one.turns->step() == progress::no_room);
    REQUIRE_FALSE(one.at.is_durable(first));
    one.log.room = true;
    REQUIRE(one.turns->step() == progress::committed);
    REQUIRE(one.at.is_durable(second));
    REQUIRE(one.log.records().size() == 2);
}

TEST_CASE("committer: after a failure nothing is durable any more", "[journal]") {
    for (const bool at_append : {true, false}) {
        one_lane one;
        (at_append ? one.log.append_fails : one.log.sync_fails) = true;
        const lane_ticket ticket = one.deposit();
        REQUIRE(one.turns->step() == progress::failed);
        REQUIRE_FALSE(one.turns->failure().empty());
        one.log.append_fails = false;
        one.log.sync_fails = false;
        REQUIRE(one.turns->step() == progress::failed);
        REQUIRE(one.turns->close() == progress::failed);
        REQUIRE_FALSE(one.at.is_durable(ticket));
        REQUIRE(one.ledger.durable_sequence(7) == 1);
        REQUIRE(one.woken == 0);
    }
}

TEST_CASE("committer: what comes to the journal twice is a failure", "[journal]") {
    one_lane one;
    one.at.begin();
    one.at.append(record::of_deposit({7, 2, cent}, cent));
    one.at.append(record::of_deposit({7, 2, cent}, cent));
    one.at.end();
    REQUIRE(one.turns->step() == progress::failed);
    REQUIRE(one.turns->failure() == "posting 2 of account 7 came to the journal twice");
    REQUIRE(one.log.batches().empty());
}

TEST_CASE("committer: a batch has the time of the clock, or the one before", "[journal]") {
    one_lane one;
    const auto last_time = [&one] { return one.log.tail().time_ns; };
    one.deposit();
    REQUIRE(one.turns->step() == progress::committed);
    REQUIRE(last_time() == 1'000);
    one.now = 500;
    one.deposit();
    REQUIRE(one.turns->step() == progress::committed);
    REQUIRE(last_time() == 1'000);
    one.now = 2'000;
    one.deposit();
    REQUIRE(one.turns->step() == progress::committed);
    REQUIRE(last_time() == 2'000);
}

TEST_CASE("committer: makes as many batches as it takes", "[journal]") {
    one_lane one{256};
    lane_ticket last = 0;
    for (int i = 0; i != 50; ++i)
        last = one.deposit();
    int batches = 0;
    while (one.turns->step() == progress::committed)
        ++batches;
    REQUIRE(batches == 13);
    REQUIRE(one.at.is_durable(last));
    REQUIRE(one.log.records().size() == 50);
}

TEST_CASE("close: appends a batch of no records", "[journal]") {
    one_lane one;
    one.deposit();
    REQUIRE(one.turns->step() == progress::committed);
    REQUIRE(one.turns->close() == progress::committed);
    REQUIRE(one.log.batches().size() == 2);
    REQUIRE(one.log.records().size() == 1);
    REQUIRE(one.log.tail().next_record == 2);
}

TEST_CASE("committer: while an outcome is unknown nothing is added or reported as durable",
          "[journal]") {
    using coffer::test::fate;
    const auto kept = std::make_shared<coffer::test::memory_batches>();
    one_lane one{format::batch::max_bytes, kept};
    std::vector<fate> fates{fate::request_lost, fate::answer_lost};
    kept->decide_by([&fates, next = std::size_t{0}]() mutable {
        return next < fates.size() ? fates[next++] : fate::arrives;
    });
    const lane_ticket first = one.deposit();
    REQUIRE(one.turns->step() == progress::unknown);
    const lane_ticket second = one.deposit();
    REQUIRE(one.turns->step() == progress::unknown);  // appended again, and the answer lost
    REQUIRE_FALSE(one.at.is_durable(first));
    REQUIRE(one.turns->durable_record() == 0);
    REQUIRE(one.turns->pending_since().time_since_epoch().count() != 0);
    REQUIRE(one.turns->step() == progress::committed);
    REQUIRE(one.at.is_durable(first));
    REQUIRE_FALSE(one.at.is_durable(second));
    REQUIRE(one.turns->step() == progress::committed);
    REQUIRE(one.at.is_durable(second));
    REQUIRE(one.log.batches().size() == 2);
    REQUIRE(one.turns->counts().batches == 2);
}

TEST_CASE("committer: fails when another writer has taken over, and reports nothing", "[journal]") {
    const auto kept = std::make_shared<coffer::test::memory_batches>();
    one_lane one{format::batch::max_bytes, kept};
    const lane_ticket ticket = one.deposit();
    const memory_log other{kept};
    REQUIRE(one.turns->step() == progress::failed);
    REQUIRE(one.turns->failure() == "another writer has taken over");
    REQUIRE_FALSE(one.at.is_durable(ticket));
}
