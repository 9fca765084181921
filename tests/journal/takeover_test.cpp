// Many writers' lives on one log that loses answers, delays batches and does not always answer:
// what was acknowledged is there once, and nothing is doubled, in any order of takeovers.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "journal/committer.hpp"
#include "journal/replay.hpp"
#include "memory_log.hpp"
#include "rounds.hpp"

using coffer::account_number;
using coffer::ledger;
using coffer::money;
using coffer::test::fate;
using coffer::test::memory_batches;
using coffer::test::memory_log;
using coffer::test::memory_store;
using coffer::test::rounds;
using namespace coffer::journal;

namespace {

constexpr account_number accounts = 4;
constexpr std::size_t lanes = 3;

/// What goes wrong on purpose: after a lost answer it makes another batch of the same records, and
/// appends that where the log ends now.
class blind_log : public memory_log {
public:
    using memory_log::memory_log;
    [[nodiscard]] log_status append(const batch_view& one) override {
        sent_.assign(one.bytes.begin(), one.bytes.end());
        return memory_log::append(one);
    }
    [[nodiscard]] log_status wait_durable() override {
        log_status status = memory_log::wait_durable();
        while (status.error == log_errc::unknown) {
            batch_builder again;
            const batch_view before = check_batch(sent_).value;
            for (auto left = before.records(); !left.empty();) {
                const std::size_t bytes = decode(left).bytes;
                again.add(left.first(bytes));
                left = left.subspan(bytes);
            }
            if (status = memory_log::append(again.seal(kept().end(), before.header.stamp)); status)
                status = memory_log::wait_durable();
        }
        return status;
    }

private:
    std::vector<std::byte> sent_;
};

/// What clients know: which of their requests were acknowledged.
struct clients {
    std::set<std::string> acknowledged;
    std::uint64_t requests = 0;
    std::uint64_t ticks = 0;
};

/// One server from its recovery on: a ledger, lanes and a committer, without threads.
class life {
public:
    life(memory_store& store, clients& known, std::mt19937_64& random, bool is_blind)
        : known_{known}, random_{random} {
        const auto from = store.read()->read_from(1);
        replayer into{ledger_};
        into.apply_all(*from);
        if (is_blind)
            log_ = std::make_unique<blind_log>(store.batches());
        else
            log_ = store.open(from->position());
        std::vector<lane*> all;
        for (std::size_t i = 0; i != lanes; ++i) {
            lanes_.push_back(
                std::make_unique<lane>(lane::min_bytes, signal_, std::function<void()>{}));
            all.push_back(lanes_.back().get());
        }
        committer_ = std::make_unique<committer>(ledger_, *log_, all, [this] {
            ++known_.ticks;
            return batch_stamp{known_.ticks, known_.ticks};
        });
    }

    /// Some requests and a turn of the journal. False if the journal has failed.
    [[nodiscard]] bool step() {
        for (std::uint64_t i = random_() % 5; i != 0; --i)
            deposit(random_() % lanes);
        const committer::progress found = committer_->step();
        acknowledge();
        unknown += found == committer::progress::unknown ? 1 : 0;
        return found != committer::progress::failed;
    }

    int unknown = 0;

private:
    struct request {
        lane_ticket ticket;
        std::string key;
    };

    void deposit(std::size_t index) {
        lane& mine = *lanes_[index];
        if (!mine.has_room_for())
            return;
        const std::string key = "request-" + std::to_string(++known_.requests);
        const request_key named{key, {1, 2}};
        const account_number account = 1 + random_() % accounts;
        const money amount = money::from_minor(static_cast<std::int64_t>(1 + random_() % 100));
        mine.begin();
        const auto opened = ledger_.open(account, amount);
        const lane_ticket ticket = mine.append(
            opened ? record::of_opening(opened.posting, named)
                   : record::of_deposit(ledger_.deposit(account, amount).posting, amount, named));
        mine.end();
        waiting_[index].push_back({ticket, key});
    }

    void acknowledge() {
        for (std::size_t i = 0; i != lanes; ++i)
            for (auto& mine = waiting_[i];
                 !mine.empty() && lanes_[i]->is_durable(mine.front().ticket); mine.pop_front())
                known_.acknowledged.insert(mine.front().key);
    }

    clients& known_;
    std::mt19937_64& random_;
    ledger ledger_;
    std::unique_ptr<batch_log> log_;
    wake_signal signal_;
    std::vector<std::unique_ptr<lane>> lanes_;
    std::deque<request> waiting_[lanes];
    std::unique_ptr<committer> committer_;
};

/// What is wrong with the log, or an empty text: its chain, its postings, its keys.
std::string wrong_with(const memory_store& store, const clients& known) {
    ledger into;
    std::map<std::string, int> times;
    replayer replay{into, [&times](const record& one, const batch_stamp&, std::uint64_t) {
                        ++times[std::string{one.key.text}];
                    }};
    try {
        replay.apply_all(*store.read()->read_from(1));
    } catch (const journal_error& broken) {
        return broken.what();
    }
    if (replay.counts().skipped != 0)
        return std::to_string(replay.counts().skipped) + " postings are in it twice";
    for (const auto& [key, count] : times)
        if (count != 1)
            return key + " is in it " + std::to_string(count) + " times";
    for (const std::string& key : known.acknowledged)
        if (!times.contains(key))
            return key + " was acknowledged and is lost";
    return {};
}

struct summary {
    std::string wrong;
    int unknown = 0;
    int takeovers = 0;
    int failures = 0;
    std::size_t acknowledged = 0;
};

/// Many lives, of which up to two go on at once: the older one does not know that it is replaced.
summary live(std::uint64_t seed, bool is_blind) {
    std::mt19937_64 random{seed};
    memory_store store;
    store.create()->publish();
    memory_batches& kept = *store.batches();
    kept.fences = seed % 2 == 0 && !is_blind;
    kept.decide_by([&random] {
        const auto drawn = random() % 10;
        return drawn < 6   ? fate::arrives
               : drawn < 8 ? fate::answer_lost
               : drawn < 9 ? fate::request_lost
                           : fate::delayed;
    });
    clients known;
    summary found;
    std::unique_ptr<life> older;
    auto newer = std::make_unique<life>(store, known, random, is_blind);
    for (int turn = 0; turn != 400 && found.wrong.empty(); ++turn) {
        if (random() % 4 == 0)
            kept.deliver();
        if (random() % 8 == 0)
            kept.unanswered_reads = 1;
        std::unique_ptr<life>& one = older && random() % 3 == 0 ? older : newer;
        if (!one->step()) {
            ++found.failures;
            found.unknown += one->unknown;
            one.reset();
        }
        kept.unanswered_reads = 0;
        if (newer == nullptr || random() % 25 == 0) {  // a takeover, or a restart
            ++found.takeovers;
            found.wrong = wrong_with(store, known);
            if (!found.wrong.empty())
                break;
            older = std::move(newer);
            newer = std::make_unique<life>(store, known, random, is_blind);
        }
    }
    if (found.wrong.empty())
        found.wrong = wrong_with(store, known);
    found.acknowledged = known.acknowledged.size();
    return found;
}

}  // namespace

TEST_CASE(
    "journal: what was acknowledged is there once, whatever answers are lost and "
    "whichever server takes over",
    "[journal][takeover]") {
    summary all;
    for (std::uint64_t seed = 1; seed <= rounds(200U); ++seed) {
        INFO("seed " << seed);
        const summary found = live(seed, false);
        REQUIRE(found.wrong.empty());
        all.unknown += found.unknown;
        all.takeovers += found.takeovers;
        all.failures += found.failures;
        all.acknowledged += found.acknowledged;
    }
    WARN(all.acknowledged << " acknowledged, " << all.unknown << " answers lost, " << all.takeovers
                          << " takeovers, " << all.failures << " writers ended");
    CHECK(all.acknowledged > rounds(std::size_t{10'000}));
    CHECK(all.unknown > rounds(1'000));
    CHECK(all.takeovers > rounds(1'000));
    CHECK(all.failures > rounds(100));
}

TEST_CASE("journal: the test of takeovers notices a log that appends blindly again",
          "[journal][takeover]") {
    int noticed = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        noticed += live(seed, true).wrong.empty() ? 0 : 1;
    CHECK(noticed == 20);
}
