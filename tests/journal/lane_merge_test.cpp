#include "journal/lane_merge.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "catch.hpp"

using coffer::errc;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using namespace coffer::journal;

namespace {

constexpr money cent = money::from_minor(1);

/// Several lanes, a merge of them, and what it has collected.
class merged_lanes {
public:
    explicit merged_lanes(std::size_t count) {
        std::vector<lane*> all;
        for (std::size_t i = 0; i != count; ++i) {
            lanes_.push_back(
                std::make_unique<lane>(std::size_t{1} << 16, signal_, std::function<void()>{}));
            all.push_back(lanes_.back().get());
        }
        merge_ = std::make_unique<lane_merge>(ledger, all);
    }

    lane& at(std::size_t index) { return *lanes_[index]; }
    lane_merge& merge() { return *merge_; }

    lane_ticket append(std::size_t index, const record& one) {
        at(index).begin();
        REQUIRE(at(index).has_room_for());
        const lane_ticket ticket = at(index).append(one);
        at(index).end();
        return ticket;
    }
    lane_ticket append_deposit(std::size_t index, std::uint64_t account, std::uint64_t sequence) {
        const posting made{account, sequence,
                           money::from_minor(static_cast<std::int64_t>(sequence))};
        return append(index, record::of_deposit(made, cent));
    }
    lane_ticket append_marker(std::size_t index, std::uint64_t account, std::uint64_t sequence) {
        at(index).begin();
        REQUIRE(at(index).has_room_for());
        const lane_ticket ticket = at(index).append_marker(account, sequence);
        at(index).end();
        return ticket;
    }

    /// What a collect adds.
    std::vector<record> collect(std::size_t max_bytes = format::batch::max_bytes) {
        batch_builder batch{max_bytes};
        REQUIRE(merge_->collect(batch));
        std::vector<record> found;
        visit_records(batch.seal({}, {}), [&found](const record& one) { found.push_back(one); });
        return found;
    }

    coffer::ledger ledger;

private:
    wake_signal signal_;
    std::vector<std::unique_ptr<lane>> lanes_;
    std::unique_ptr<lane_merge> merge_;
};

std::vector<std::uint64_t> sequences(const std::vector<record>& records) {
    std::vector<std::uint64_t> found;
    for (const record& one : records)
        found.push_back(one.state.sequence);
    return found;
}

using sequence_list = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("lane_merge: a posting waits for its predecessor in another lane", "[journal]") {
    merged_lanes lanes{2};
    REQUIRE(lanes.ledger.restore({7, 4, cent}));
    const lane_ticket later = lanes.append_deposit(0, 7, 6);
    REQUIRE(lanes.collect().empty());
    REQUIRE(lanes.merge().anything_waiting());
    REQUIRE_FALSE(lanes.merge().anything_collected());
    REQUIRE_FALSE(lanes.merge().anything_new());
    const lane_ticket earlier = lanes.append_deposit(1, 7, 5);
    REQUIRE(lanes.merge().anything_new());
    REQUIRE(sequences(lanes.collect()) == sequence_list{5, 6});
    REQUIRE_FALSE(lanes.at(0).is_durable(later));
    REQUIRE(lanes.ledger.durable_sequence(7) == 4);
    lanes.merge().report_durable(1);
    REQUIRE(lanes.at(0).is_durable(later));
    REQUIRE(lanes.at(1).is_durable(earlier));
    REQUIRE(lanes.ledger.durable_sequence(7) == 6);
    REQUIRE_FALSE(lanes.merge().anything_waiting());
}

TEST_CASE("lane_merge: lanes take turns where a batch has no room for all", "[journal]") {
    constexpr std::size_t two_records =
        format::batch::min_bytes + 2 * format::record::posting_bytes;
    merged_lanes lanes{3};
    for (std::uint64_t account = 1; account <= 3; ++account)
        REQUIRE(lanes.ledger.restore({account, 1, cent}));
    // The first lanes always have more.
    for (std::uint64_t sequence = 2; sequence != 12; ++sequence)
        for (std::size_t index = 0; index != 3; ++index)
            lanes.append_deposit(index, index + 1, sequence);
    std::map<std::uint64_t, int> collected;
    for (int i = 0; i != 6; ++i) {
        for (const record& one : lanes.collect(two_records))
            ++collected[one.state.account];
        lanes.merge().report_durable(1);
    }
    REQUIRE(collected == std::map<std::uint64_t, int>{{1, 4}, {2, 4}, {3, 4}});
}

TEST_CASE("lane_merge: what is behind a waiting entry waits too", "[journal]") {
    merged_lanes lanes{2};
    REQUIRE(lanes.ledger.restore({7, 4, cent}));
    REQUIRE(lanes.ledger.restore({8, 1, cent}));
    lanes.append_deposit(0, 7, 6);
    lanes.append_deposit(0, 8, 2);
    REQUIRE(lanes.collect().empty());
    lanes.append_deposit(1, 7, 5);
    REQUIRE(sequences(lanes.collect()) == sequence_list{5, 6, 2});
}

TEST_CASE("lane_merge: an account may go back and forth between lanes", "[journal]") {
    merged_lanes lanes{3};
    REQUIRE(lanes.ledger.restore({7, 1, cent}));
    sequence_list expected;
    for (std::uint64_t sequence = 2; sequence != 302; ++sequence) {
        lanes.append_deposit(sequence * 7 % 3, 7, sequence);
        expected.push_back(sequence);
    }
    REQUIRE(sequences(lanes.collect()) == expected);
}

TEST_CASE("lane_merge: an opening comes first, and a transfer after both accounts", "[journal]") {
    merged_lanes lanes{3};
    lanes.append(0, record::of_transfer({7, 2, cent}, {8, 3, cent}, cent));
    lanes.append(1, record::of_opening({7, 1, money::from_minor(2)}));
    REQUIRE(sequences(lanes.collect()) == sequence_list{1});
    lanes.append_deposit(2, 8, 2);
    REQUIRE(lanes.collect().empty());
    lanes.append(1, record::of_opening({8, 1, cent}));
    REQUIRE(sequences(lanes.collect()) == sequence_list{1, 2, 2});
}

TEST_CASE("lane_merge: a marker and a refusal wait for what they have seen", "[journal]") {
    merged_lanes lanes{2};
    REQUIRE(lanes.ledger.restore({7, 1, cent}));
    const lane_ticket marker = lanes.append_marker(0, 7, 2);
    const lane_ticket refusal =
        lanes.append(0, record::of_refusal(errc::insufficient_funds, {7, 2, cent}, {"a", {}}));
    REQUIRE(lanes.collect().empty());
    lanes.append_deposit(1, 7, 2);
    REQUIRE(lanes.collect().size() == 2);
    REQUIRE_FALSE(lanes.at(0).is_durable(marker));
    lanes.merge().report_durable(1);
    REQUIRE(lanes.at(0).is_durable(refusal));
}

TEST_CASE("lane_merge: a marker of what is durable needs no batch", "[journal]") {
    merged_lanes lanes{1};
    REQUIRE(lanes.ledger.restore({7, 3, cent}));
    const lane_ticket marker = lanes.append_marker(0, 7, 3);
    REQUIRE(lanes.collect().empty());
    REQUIRE(lanes.merge().anything_collected());
    lanes.merge().report_durable(1);
    REQUIRE(lanes.at(0).is_durable(marker));
}

TEST_CASE("lane_merge: a refusal for want of an account waits for nothing", "[journal]") {
    merged_lanes lanes{1};
    lanes.append(0, record::of_refusal(errc::no_such_account, {99, 0, {}}, {"a", {}}));
    REQUIRE(lanes.collect().size() == 1);
}

TEST_CASE("lane_merge: goes on in the next batch where one is full", "[journal]") {
    merged_lanes lanes{2};
    REQUIRE(lanes.ledger.restore({7, 1, cent}));
    for (std::uint64_t sequence = 2; sequence != 12; ++sequence)
        lanes.append_deposit(sequence % 2, 7, sequence);
    constexpr std::size_t three = format::batch::min_bytes + 3 * format::record::posting_bytes + 16;
    sequence_list found;
    for (int i = 0; i != 4; ++i) {
        const auto part = sequences(lanes.collect(three));
        REQUIRE(part.size() == (i == 3 ? 1 : 3));
        found.insert(found.end(), part.begin(), part.end());
        lanes.merge().report_durable(1);
    }
    REQUIRE(found == sequence_list{2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    REQUIRE(lanes.collect().empty());
}

TEST_CASE("lane_merge: refuses a posting that was there before", "[journal]") {
    merged_lanes lanes{1};
    REQUIRE(lanes.ledger.restore({7, 4, cent}));
    lanes.append_deposit(0, 7, 4);
    batch_builder batch;
    REQUIRE_FALSE(lanes.merge().collect(batch));
    REQUIRE(lanes.merge().complaint() == "posting 4 of account 7 came to the journal twice");
}

TEST_CASE("lane_merge: names the account of a transfer whose posting was there before",
          "[journal]") {
    merged_lanes lanes{1};
    REQUIRE(lanes.ledger.restore({7, 4, cent}));
    REQUIRE(lanes.ledger.restore({8, 4, cent}));
    lanes.append(0, record::of_transfer({7, 5, cent}, {8, 4, cent}, cent));
    batch_builder batch;
    REQUIRE_FALSE(lanes.merge().collect(batch));
    REQUIRE(lanes.merge().complaint() == "posting 4 of account 8 came to the journal twice");
}

namespace {

/// Workers in one thread: each step, one of them, chosen at random, operates on the ledger, or
/// appends what it did before; so the lanes are as far out of order as threads can bring them.
class interleaving {
public:
    static constexpr std::size_t workers = 4;
    static constexpr std::uint64_t accounts = 3;

    explicit interleaving(std::uint64_t seed) : random_{seed}, lanes_{workers} {
        for (std::uint64_t account = 1; account <= accounts; ++account)
            REQUIRE(lanes_.ledger.restore({account, 1, money::from_minor(50)}));
    }

    void step() {
        const std::size_t worker = random_() % workers;
        if (random_() % 2 == 0)
            operate(worker);
        else
            flush(worker);
        if (random_() % 8 == 0)
            commit();
    }

    void finish() {
        for (std::size_t worker = 0; worker != workers; ++worker)
            while (!done_[worker].empty())
                flush(worker);
        commit();
        REQUIRE_FALSE(lanes_.merge().anything_waiting());
        REQUIRE(collected_.size() == made_);
        for (std::uint64_t account = 1; account <= accounts; ++account)
            REQUIRE(lanes_.ledger.durable_sequence(account) ==
                    lanes_.ledger.balance(account).posting.sequence);
    }

    /// The history is one that may have been: each posting follows the one before it.
    void check() {
        std::map<std::uint64_t, posting> last;
        for (std::uint64_t account = 1; account <= accounts; ++account)
            last[account] = {account, 1, money::from_minor(50)};
        const auto follow = [&last](const posting& next, std::int64_t change) {
            REQUIRE(next.sequence == last[next.account].sequence + 1);
            REQUIRE(next.balance.minor() == last[next.account].balance.minor() + change);
            last[next.account] = next;
        };
        for (const record& one : collected_) {
            if (one.kind == record_kind::transfer) {
                follow(one.state, -one.amount.minor());
                follow(one.payee, one.amount.minor());
            } else {
                follow(one.state, one.amount.minor());
            }
        }
    }

private:
    void operate(std::size_t worker) {
        if (done_[worker].size() == 5)
            return;
        const std::uint64_t account = 1 + random_() % accounts;
        const money amount = money::from_minor(static_cast<std::int64_t>(1 + random_() % 9));
        if (random_() % 3 == 0) {
            const auto moved = lanes_.ledger.transfer(account, account % accounts + 1, amount);
            if (moved)
                note(worker, record::of_transfer(moved.from, moved.to, amount));
        } else if (random_() % 2 == 0) {
            if (const auto made = lanes_.ledger.withdraw(account, amount))
                note(worker, record::of_withdrawal(made.posting, amount));
        } else if (const auto made = lanes_.ledger.deposit(account, amount)) {
            note(worker, record::of_deposit(made.posting, amount));
        }
    }
    void note(std::size_t worker, const record& one) {
        done_[worker].push_back(one);
        ++made_;
    }
    void flush(std::size_t worker) {
        if (done_[worker].empty())
            return;
        lanes_.append(worker, done_[worker].front());
        done_[worker].pop_front();
    }
    void commit() {
        const auto found = lanes_.collect(512);
        collected_.insert(collected_.end(), found.begin(), found.end());
        lanes_.merge().report_durable(1);
        if (!found.empty())
            commit();
    }

    std::mt19937_64 random_;
    merged_lanes lanes_;
    std::deque<record> done_[workers];  // on the ledger, and not yet in the lane
    std::vector<record> collected_;
    std::size_t made_ = 0;
};

}  // namespace

TEST_CASE("lane_merge: whatever way workers interleave, the journal is a history", "[journal]") {
    for (std::uint64_t seed = 0; seed != 200; ++seed) {
        INFO("seed " << seed);
        interleaving one{seed};
        for (int i = 0; i != 400; ++i)
            one.step();
        one.finish();
        one.check();
    }
}
