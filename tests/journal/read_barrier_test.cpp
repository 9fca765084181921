#include <deque>
#include <memory>
#include <vector>

#include "catch.hpp"
#include "journal/committer.hpp"
#include "memory_log.hpp"

using coffer::ledger;
using coffer::money;
using coffer::test::memory_log;
using namespace coffer::journal;

namespace {

/// A log that is confirmed as `answers` say, and then always.
class confirmed_log : public memory_log {
public:
    confirmed_log() : memory_log{std::make_shared<coffer::test::memory_batches>()} {}
    log_status confirm() override {
        ++asked;
        if (answers.empty())
            return {};
        const log_status one = answers.front();
        answers.pop_front();
        return one;
    }
    std::deque<log_status> answers;
    int asked = 0;
};

class one_lane {
public:
    explicit one_lane(bool confirms_markers) {
        REQUIRE(ledger.restore({7, 1, {}}));
        turns = std::make_unique<committer>(
            ledger, log, lanes_,
            [] {
                return batch_stamp{1, 1};
            },
            confirms_markers);
    }

    lane_ticket mark() {
        at.begin();
        const lane_ticket ticket = at.append_marker(1, 0);
        at.end();
        return ticket;
    }

    coffer::ledger ledger;
    confirmed_log log;

private:
    wake_signal signal_;

public:
    lane at{std::size_t{1} << 16, signal_, [] {}};

private:
    std::vector<lane*> lanes_{&at};

public:
    std::unique_ptr<committer> turns;
};

using progress = committer::progress;

}  // namespace

TEST_CASE("read barrier: the log is confirmed before markers alone are durable", "[journal]") {
    one_lane lane{true};
    const lane_ticket marked = lane.mark();
    REQUIRE(lane.log.asked == 0);
    REQUIRE(lane.turns->step() == progress::committed);
    REQUIRE(lane.log.asked == 1);
    REQUIRE(lane.at.is_durable(marked));
    REQUIRE(lane.turns->step() == progress::idle);
    REQUIRE(lane.log.asked == 1);
}

TEST_CASE("read barrier: a batch that is written stands for a confirmation", "[journal]") {
    one_lane lane{true};
    lane.at.begin();
    const money cent = money::from_minor(1);
    static_cast<void>(
        lane.at.append(record::of_deposit(lane.ledger.deposit(7, cent).posting, cent)));
    lane.at.end();
    const lane_ticket marked = lane.mark();
    REQUIRE(lane.turns->step() == progress::committed);
    REQUIRE(lane.log.asked == 0);
    REQUIRE(lane.at.is_durable(marked));
}

TEST_CASE("read barrier: what comes while a confirmation is in doubt needs another one",
          "[journal]") {
    one_lane lane{true};
    lane.log.answers = {{log_errc::unknown, "lost"}};
    const lane_ticket first = lane.mark();
    REQUIRE(lane.turns->step() == progress::unknown);
    REQUIRE_FALSE(lane.at.is_durable(first));
    const lane_ticket second = lane.mark();
    REQUIRE(lane.turns->step() == progress::committed);
    REQUIRE(lane.at.is_durable(first));
    REQUIRE_FALSE(lane.at.is_durable(second));
    REQUIRE(lane.turns->step() == progress::committed);
    REQUIRE(lane.at.is_durable(second));
    REQUIRE(lane.log.asked == 3);
}

TEST_CASE("read barrier: nothing is durable any more once another node leads", "[journal]") {
    one_lane lane{true};
    lane.log.answers = {{log_errc::failed, "deposed"}};
    const lane_ticket marked = lane.mark();
    REQUIRE(lane.turns->step() == progress::failed);
    REQUIRE(lane.turns->failure() == "deposed");
    REQUIRE_FALSE(lane.at.is_durable(marked));
}

TEST_CASE("read barrier: without it markers are not confirmed", "[journal]") {
    one_lane lane{false};
    const lane_ticket marked = lane.mark();
    REQUIRE(lane.turns->step() == progress::committed);
    REQUIRE(lane.at.is_durable(marked));
    REQUIRE(lane.log.asked == 0);
}
