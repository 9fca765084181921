#include "journal/writer.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "core/in_threads.hpp"
#include "memory_log.hpp"

using coffer::account_number;
using coffer::errc;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using coffer::test::memory_log;
using coffer::tests::in_threads;
using namespace coffer::journal;
using namespace std::chrono_literals;

namespace {

constexpr money cent = money::from_minor(1);

writer::options with_lanes(std::size_t count) {
    writer::options chosen;
    chosen.on_durable.resize(count);
    chosen.lane_bytes = 1 << 14;
    chosen.retry_room = 1ms;
    return chosen;
}

lane_ticket deposit(coffer::ledger& ledger, lane& through, account_number account) {
    through.begin();
    const lane_ticket ticket =
        through.append(record::of_deposit(ledger.deposit(account, cent).posting, cent));
    through.end();
    return ticket;
}

/// Waits for as long as it takes: a test that hangs here has found a lost wake-up.
template <class Condition>
void wait_until(Condition condition) {
    while (!condition())
        std::this_thread::sleep_for(100us);
}

}  // namespace

TEST_CASE("writer: a lone posting becomes durable by itself", "[journal]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 1, {}}));
    memory_log log;
    auto chosen = with_lanes(1);
    std::atomic<int> woken{0};
    chosen.on_durable[0] = [&woken] { ++woken; };
    chosen.commit_wait = 10us;
    writer journal{ledger, log, chosen};
    for (int i = 1; i != 50; ++i) {
        REQUIRE(journal.lane_at(0).has_room_for());
        const lane_ticket ticket = deposit(ledger, journal.lane_at(0), 7);
        wait_until([&] { return journal.lane_at(0).is_durable(ticket); });
        REQUIRE(journal.durable_record() >= static_cast<std::uint64_t>(i));
    }
    REQUIRE(journal.accepting());
    REQUIRE(journal.stop());
    REQUIRE(woken > 0);
    REQUIRE(log.records().size() == 49);
    REQUIRE(log.batches().back().size() == format::batch::min_bytes);
}

TEST_CASE("stop: makes durable what is in the lanes", "[journal]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 1, {}}));
    memory_log log;
    writer journal{ledger, log, with_lanes(2)};
    deposit(ledger, journal.lane_at(0), 7);
    const lane_ticket last = deposit(ledger, journal.lane_at(1), 7);
    REQUIRE(journal.stop());
    REQUIRE(journal.stop());
    REQUIRE(journal.lane_at(1).is_durable(last));
    REQUIRE(journal.barrier() == 2);
}

TEST_CASE("writer: says once that the log has failed, and makes nothing durable", "[journal]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 1, {}}));
    memory_log log;
    log.sync_fails = true;
    auto chosen = with_lanes(1);
    std::atomic<int> failures{0};
    std::string reason;
    chosen.on_failure = [&](const std::string& why) {
        reason = why;
        ++failures;
    };
    writer journal{ledger, log, chosen};
    const lane_ticket ticket = deposit(ledger, journal.lane_at(0), 7);
    wait_until([&] { return failures != 0; });
    REQUIRE(reason == "input/output error");
    REQUIRE(journal.failed());
    REQUIRE_FALSE(journal.accepting());
    REQUIRE_FALSE(journal.barrier());
    REQUIRE_FALSE(journal.stop());
    REQUIRE_FALSE(journal.lane_at(0).is_durable(ticket));
    REQUIRE(failures == 1);
}

TEST_CASE("accepting: is false while there is no room, and true again by itself", "[journal]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 1, {}}));
    memory_log log;
    log.room = false;
    writer journal{ledger, log, with_lanes(1)};
    REQUIRE_FALSE(journal.accepting());
    const lane_ticket ticket = deposit(ledger, journal.lane_at(0), 7);
    wait_until([&] { return log.asked_for_room > 3; });
    REQUIRE_FALSE(journal.lane_at(0).is_durable(ticket));
    log.room = true;
    wait_until([&] { return journal.lane_at(0).is_durable(ticket); });
    REQUIRE(journal.accepting());
    REQUIRE(journal.stop());
}

TEST_CASE("writer: room is made for a batch in doubt too, which has to be appended again",
          "[journal]") {
    /// Each append takes all the room there is, and only make_room gives some again, as in files.
    class one_batch_of_room : public memory_log {
    public:
        using memory_log::memory_log;
        [[nodiscard]] log_status append(const batch_view& one) override {
            log_status status = memory_log::append(one);
            if (status)
                room = false;
            return status;
        }
        [[nodiscard]] log_status make_room() override {
            room = true;
            return {};
        }
    };
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 1, {}}));
    const auto kept = std::make_shared<coffer::test::memory_batches>();
    kept->decide_by([first = true]() mutable {
        using coffer::test::fate;
        return std::exchange(first, false) ? fate::request_lost : fate::arrives;
    });
    one_batch_of_room log{kept};
    writer journal{ledger, log, with_lanes(1)};
    REQUIRE(journal.lane_at(0).has_room_for());
    const lane_ticket ticket = deposit(ledger, journal.lane_at(0), 7);
    wait_until([&] { return journal.lane_at(0).is_durable(ticket); });
    REQUIRE(journal.stop());
    REQUIRE(log.records().size() == 1);
}

TEST_CASE("lane_budget: is less where there is little room, and none where there is hardly any",
          "[journal]") {
    class small_log : public memory_log {
    public:
        [[nodiscard]] std::size_t room_bytes() const noexcept override { return left; }
        std::size_t left = SIZE_MAX;
    };
    coffer::ledger ledger;
    small_log log;
    writer journal{ledger, log, with_lanes(2)};
    REQUIRE(journal.lane_budget() == SIZE_MAX);
    log.left = std::size_t{1} << 20;
    const std::size_t budget = journal.lane_budget();
    REQUIRE(budget >= lane::min_bytes);
    REQUIRE(2 * writer::room_factor * budget < log.left);
    log.left = writer::least_room_bytes(2);
    REQUIRE(journal.lane_budget() == lane::min_bytes);
    --log.left;
    REQUIRE(journal.lane_budget() == 0);
    REQUIRE_FALSE(journal.accepting());
}

TEST_CASE("writer: a log that hangs is found out, and goes on by itself", "[journal]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 1, {}}));
    memory_log log;
    std::atomic<bool> hangs{true};
    log.before_durable = [&hangs] { hangs.wait(true); };
    auto chosen = with_lanes(1);
    chosen.disk_timeout = 20ms;
    writer journal{ledger, log, chosen};
    journal.check_progress();
    REQUIRE(journal.pending_for() == 0ns);
    const lane_ticket ticket = deposit(ledger, journal.lane_at(0), 7);
    wait_until([&] {
        journal.check_progress();
        return !journal.accepting();
    });
    REQUIRE(journal.hangs());
    REQUIRE(journal.pending_for() >= 20ms);
    REQUIRE_FALSE(journal.failed());
    REQUIRE_FALSE(journal.barrier());
    REQUIRE_FALSE(journal.stop_by(std::chrono::steady_clock::now()));
    hangs = false;
    hangs.notify_all();
    wait_until([&] { return journal.lane_at(0).is_durable(ticket); });
    REQUIRE_FALSE(journal.hangs());
    REQUIRE(journal.stop_by(std::chrono::steady_clock::now()));
    REQUIRE(journal.stop());
    REQUIRE(journal.barrier() == 1);
}

TEST_CASE("writer: a log that does not tell an outcome hangs until it does", "[journal]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 1, {}}));
    const auto kept = std::make_shared<coffer::test::memory_batches>();
    std::atomic<bool> answers{false};
    kept->decide_by([&answers] {
        return answers ? coffer::test::fate::arrives : coffer::test::fate::request_lost;
    });
    memory_log log{kept};
    auto chosen = with_lanes(1);
    chosen.disk_timeout = 20ms;
    writer journal{ledger, log, chosen};
    const lane_ticket ticket = deposit(ledger, journal.lane_at(0), 7);
    wait_until([&] {
        journal.check_progress();
        return !journal.accepting();
    });
    REQUIRE(journal.hangs());
    REQUIRE_FALSE(journal.failed());
    REQUIRE_FALSE(journal.lane_at(0).is_durable(ticket));
    answers = true;
    wait_until([&] { return journal.lane_at(0).is_durable(ticket); });
    REQUIRE_FALSE(journal.hangs());
    REQUIRE(journal.stop());
    REQUIRE(log.records().size() == 1);
}

TEST_CASE("stop: ends where the log does not tell whether the last postings are durable",
          "[journal]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 1, {}}));
    const auto kept = std::make_shared<coffer::test::memory_batches>();
    kept->decide_by([] { return coffer::test::fate::request_lost; });
    memory_log log{kept};
    auto chosen = with_lanes(1);
    chosen.disk_timeout = 20ms;
    std::string reason;
    chosen.on_failure = [&reason](const std::string& why) { reason = why; };
    writer journal{ledger, log, chosen};
    const lane_ticket ticket = deposit(ledger, journal.lane_at(0), 7);
    REQUIRE_FALSE(journal.stop());
    REQUIRE_FALSE(journal.lane_at(0).is_durable(ticket));
    REQUIRE(reason == "the log does not tell whether the last postings are durable");
}

TEST_CASE("stop: ends where there is no room for what is in the lanes", "[journal]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 1, {}}));
    memory_log log;
    log.room = false;
    auto chosen = with_lanes(1);
    chosen.disk_timeout = 20ms;
    std::string reason;
    chosen.on_failure = [&reason](const std::string& why) { reason = why; };
    writer journal{ledger, log, chosen};
    const lane_ticket ticket = deposit(ledger, journal.lane_at(0), 7);
    REQUIRE_FALSE(journal.stop());
    REQUIRE_FALSE(journal.lane_at(0).is_durable(ticket));
    REQUIRE(reason == "there is no room for the last postings");
}

TEST_CASE("writer: refuses lanes that the log has no room for", "[journal]") {
    class small_log : public memory_log {
        [[nodiscard]] std::size_t max_room_bytes() const noexcept override { return 4'096; }
    };
    coffer::ledger ledger;
    small_log log;
    log.max_batch = 4'096;
    REQUIRE_THROWS_AS(writer(ledger, log, with_lanes(1)), std::invalid_argument);
}

namespace {

/// Workers that operate as those of a server do, and check their results.
class workers {
public:
    static constexpr std::size_t count = 3;
    static constexpr account_number accounts = 5;

    workers(coffer::ledger& ledger, writer& journal) : ledger_{ledger}, journal_{journal} {}

    void run(std::size_t index, int requests) {
        std::mt19937_64 random{index + 1};
        lane& mine = journal_.lane_at(index);
        for (int left = requests; left > 0;) {
            std::vector<expectation> expected;
            lane_ticket last = 0;
            mine.begin();
            for (std::uint64_t i = random() % 8; i != UINT64_MAX && mine.has_room_for();
                 --i, --left)
                last = operate(random, mine, expected);
            mine.end();
            if (random() % 4 == 0)
                wait_until([&] { return mine.is_durable(last); });
            if (mine.is_durable(last))
                for (const expectation& one : expected)
                    early += ledger_.durable_sequence(one.account) < one.sequence ? 1 : 0;
        }
    }

    std::atomic<int> early{0};

private:
    struct expectation {
        account_number account;
        std::uint64_t sequence;
    };

    lane_ticket operate(std::mt19937_64& random, lane& mine, std::vector<expectation>& expected) {
        const account_number account = 1 + random() % accounts;
        const money amount = money::from_minor(static_cast<std::int64_t>(1 + random() % 40));
        const auto expect = [&expected](const posting& state) {
            expected.push_back({state.account, state.sequence});
        };
        const std::uint64_t kind = random() % 4;
        if (kind == 0) {
            const auto moved = ledger_.transfer(account, account % accounts + 1, amount);
            if (!moved)
                return mine.append(record::of_refusal(moved.error, moved.from, {"k", {}}));
            expect(moved.from);
            expect(moved.to);
            return mine.append(record::of_transfer(moved.from, moved.to, amount));
        }
        if (kind == 1) {
            const auto seen = ledger_.balance(account).posting;
            expect(seen);
            return mine.append_marker(account, seen.sequence);
        }
        const auto made =
            kind == 2 ? ledger_.deposit(account, amount) : ledger_.withdraw(account, amount);
        expect(made.posting);
        if (!made)
            return mine.append(record::of_refusal(made.error, made.posting, {"k", {}}));
        return mine.append(kind == 2 ? record::of_deposit(made.posting, amount)
                                     : record::of_withdrawal(made.posting, amount));
    }

    ledger& ledger_;
    writer& journal_;
};

/// Follows the records from where all accounts had 100.0 in their posting 1. Returns how many do
/// not follow, and leaves the last states.
int count_gaps(const std::vector<record>& records, std::map<account_number, posting>& last) {
    for (account_number account = 1; account <= workers::accounts; ++account)
        last[account] = {account, 1, money::from_minor(100'00)};
    int gaps = 0;
    const auto follow = [&](const posting& next, std::int64_t change) {
        const posting before = last[next.account];
        if (next.sequence != before.sequence + 1 ||
            next.balance.minor() != before.balance.minor() + change)
            ++gaps;
        last[next.account] = next;
    };
    for (const record& one : records) {
        if (one.kind == record_kind::refusal) {
            gaps += one.state.sequence > last[one.state.account].sequence ? 1 : 0;
            continue;
        }
        const bool transfer = one.kind == record_kind::transfer;
        follow(one.state, transfer ? -one.amount.minor() : one.amount.minor());
        if (transfer)
            follow(one.payee, one.amount.minor());
    }
    return gaps;
}

}  // namespace

TEST_CASE("writer: what many workers do becomes one history, and durable in time",
          "[journal][stress]") {
    coffer::ledger ledger;
    for (account_number account = 1; account <= workers::accounts; ++account)
        REQUIRE(ledger.restore({account, 1, money::from_minor(100'00)}));
    memory_log log;
    log.max_batch = 4'096;
    writer journal{ledger, log, with_lanes(workers::count)};
    workers all{ledger, journal};
    std::atomic<bool> done{false};
    std::atomic<int> beyond{0};
    // Somebody takes snapshots: what is seen before a barrier is durable after it.
    std::thread watcher{[&] {
        while (!done) {
            std::vector<posting> seen;
            for (account_number account = 1; account <= workers::accounts; ++account)
                seen.push_back(ledger.balance(account).posting);
            const auto covered = journal.barrier();
            for (const posting& one : seen)
                beyond += covered && ledger.durable_sequence(one.account) >= one.sequence ? 0 : 1;
        }
    }};
    in_threads(workers::count, [&all](std::size_t index) { all.run(index, 30'000); });
    done = true;
    watcher.join();
    REQUIRE(journal.stop());
    REQUIRE(all.early == 0);
    REQUIRE(beyond == 0);
    std::map<account_number, posting> last;
    REQUIRE(count_gaps(log.records(), last) == 0);
    for (const auto& [account, state] : last) {
        REQUIRE(ledger.balance(account).posting.sequence == state.sequence);
        REQUIRE(ledger.durable_sequence(account) == state.sequence);
    }
}
