// A journal of files in memory, with batches of random records, for tests of its history.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/file_log.hpp"
#include "journal/log_progress.hpp"
#include "locked_storage.hpp"
#include "opened_log.hpp"

namespace coffer::test {

/// Accounts 1 .. accounts, which post at random.
class random_journal {
public:
    static constexpr account_number accounts = 40;

    explicit random_journal(std::uint64_t seed, std::uint64_t segment_bytes = 64 << 10)
        : random_{seed}, chosen_{.segment_bytes = segment_bytes, .least_bytes = segment_bytes} {}

    /// Opens the log again, or begins it: the histories of before may not be used any more.
    void open() {
        log.reset();
        progress.durable_end = 0;
        if (journal::list_segments(files).empty())
            static_cast<void>(journal::file_log::create(files, chosen_));
        log = journal::file_log::open(files, chosen_, {}, &progress);
    }
    void append(int batches) {
        for (; batches != 0; --batches)
            append_one();
    }
    /// A batch without records.
    void append_end() {
        batch_.clear();
        commit();
    }

    [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }

    faulty_storage disk;
    locked_storage files{disk};
    journal::log_progress progress;
    std::unique_ptr<journal::file_log> log;
    std::uint64_t time_ns = 1'000;

private:
    void append_one() {
        batch_.clear();
        // Now and then it is larger than an extent.
        const std::uint64_t records = below(30) == 0 ? 500 : 1 + below(40);
        for (std::uint64_t i = 0; i != records; ++i)
            add();
        commit();
    }
    void commit() {
        time_ns += below(3) * 10;
        REQUIRE(log->make_room());
        REQUIRE(log->append(batch_.seal(log->tail(), {time_ns, time_ns})));
        REQUIRE(log->wait_durable());
    }
    void add() {
        const money one = money::from_minor(1);
        const account_number account = 1 + std::min(below(accounts), below(accounts));
        const posting& state = states_[account];
        if (state.sequence == 0)
            return keep(journal::record::of_opening(posted(account), {}));
        switch (below(6)) {
            case 0:
                return keep(journal::record::of_refusal(errc::insufficient_funds, state,
                                                        {"a key", {1, 2}}));
            case 1:
            case 2: {
                const account_number other = account % accounts + 1;
                if (states_[other].sequence == 0)
                    return keep(journal::record::of_opening(posted(other), {}));
                const posting payer = posted(account, -1);
                return keep(journal::record::of_transfer(payer, posted(other), one));
            }
            case 3:
                return keep(journal::record::of_withdrawal(posted(account, -1), one));
            default:
                return keep(journal::record::of_deposit(posted(account), one));
        }
    }
    posting posted(account_number account, std::int64_t gain = 1) {
        posting& state = states_[account];
        const std::int64_t first = state.sequence == 0 ? 1'000'000 : gain;
        state = {account, state.sequence + 1, money::from_minor(state.balance.minor() + first)};
        return state;
    }
    void keep(const journal::record& one) {
        std::vector<std::byte> bytes(journal::format::record::max_bytes);
        bytes.resize(journal::encode(one, bytes));
        batch_.add(bytes);
    }

    std::mt19937_64 random_;
    const journal::file_log::options chosen_;
    journal::batch_builder batch_;
    std::map<account_number, posting> states_;
};

}  // namespace coffer::test
