#include "journal/account_history.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "journal/account_records.hpp"
#include "journal/journal_error.hpp"
#include "journal/memory_log.hpp"
#include "journal/random_life.hpp"
#include "journal/scanned_history.hpp"
#include "ops/utc_time.hpp"
#include "rounds.hpp"

using coffer::account_number;
using coffer::test::memory_log;
using coffer::test::rounds;
using namespace coffer::journal;

namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

/// A life of all operations in batches of some records, two of which may have the same time.
struct kept_life {
    struct one_posting {
        std::uint64_t record;
        std::uint64_t time_ns;
        std::int64_t balance_minor;
    };

    explicit kept_life(std::uint64_t seed) : random{seed}, life{seed} {
        for (int i = 0; i != 400; ++i)
            life.step();
        for (std::size_t next = 0; next != life.records.size();) {
            batch.clear();
            const std::size_t end = std::min(next + 1 + random() % 8, life.records.size());
            if (random() % 3 != 0)
                time_ns += 10;
            for (; next != end; ++next) {
                note(next);
                batch.add(life.records[next]);
            }
            REQUIRE(log.append(batch.seal(log.tail(), {time_ns, time_ns})));
            REQUIRE(log.wait_durable());
        }
    }

    void note(std::size_t index) {
        visit_postings(decode(life.records[index]).value, [&](const coffer::posting& made) {
            REQUIRE(made.sequence == postings[made.account].size() + 1);
            postings[made.account].push_back({index + 1, time_ns, made.balance.minor()});
        });
    }

    /// Checks a range against what was done; `first` is the record that the journal begins with.
    void check(account_number account, std::uint64_t from_ns, std::uint64_t until_ns) const {
        const history_beginning begin = past.beginning();
        const auto& all = postings.at(account);
        sequence_range found;
        try {
            found = account_history{past, account}.between(from_ns, until_ns);
        } catch (const history_trimmed&) {
            REQUIRE(all.back().record < begin.first_record);
            REQUIRE(from_ns <= begin.first_time_ns);
            return;
        }
        for (std::uint64_t sequence = 1; sequence <= all.size(); ++sequence) {
            const one_posting& one = all[sequence - 1];
            const bool is_wanted = from_ns <= one.time_ns && one.time_ns < until_ns;
            CAPTURE(account, from_ns, until_ns, sequence, begin.first_record);
            if (one.record >= begin.first_record)
                REQUIRE(found.has(sequence) == is_wanted);
            else if (is_wanted)
                REQUIRE(found.has(sequence));
            else if (from_ns > begin.first_time_ns)
                REQUIRE_FALSE(found.has(sequence));
        }
    }

    std::mt19937_64 random;
    random_life life;
    memory_log log;
    scanned_history past{log};
    batch_builder batch;
    std::uint64_t time_ns = 1000;
    std::map<account_number, std::vector<one_posting>> postings;
};

}  // namespace

TEST_CASE("account history: ranges of time have every posting, and what may be trimmed",
          "[journal]") {
    const auto seed = GENERATE(range(1, 1 + rounds(8)));
    kept_life one{static_cast<std::uint64_t>(seed)};
    for (std::uint64_t before : {1U, 20U, 100U, 250U}) {
        REQUIRE(one.log.trim(before));
        for (const auto& each : one.postings) {
            one.check(each.first, 0, endless);
            for (int i = 0; i != 30; ++i) {
                const std::uint64_t from_ns = 990 + one.random() % (one.time_ns - 970);
                one.check(each.first, from_ns, endless);
                one.check(each.first, 0, from_ns);
                one.check(each.first, from_ns, from_ns + one.random() % 300);
            }
        }
    }
}

TEST_CASE("account history: the last posting before a time is that of the batches before it",
          "[journal]") {
    kept_life one{3};
    for (const auto& [number, all] : one.postings) {
        const account_history account{one.past, number};
        REQUIRE(account.first() == 1);
        for (std::uint64_t time_ns = 980; time_ns != one.time_ns + 20; ++time_ns) {
            const auto later = std::ranges::find_if(
                all, [time_ns](const auto& each) { return each.time_ns >= time_ns; });
            REQUIRE(account.last_before(time_ns) ==
                    static_cast<std::uint64_t>(later - all.begin()));
        }
        REQUIRE(account.last_before(0) == 0);
        REQUIRE(account.last_before(endless) == all.size());
    }
}

TEST_CASE("account history: an extent's postings are visited in order, those wanted alone",
          "[journal]") {
    kept_life one{4};
    for (const auto& [number, all] : one.postings) {
        const account_history account{one.past, number};
        for (std::uint64_t sequence = 1; sequence <= all.size(); ++sequence) {
            int visited = 0;
            account.visit(
                account.at(sequence), {sequence, sequence},
                [&, number = number, &all = all](const posting_line& line) {
                    ++visited;
                    REQUIRE(line.state.account == number);
                    REQUIRE(line.state.sequence == sequence);
                    REQUIRE(line.record == all[sequence - 1].record);
                    REQUIRE(line.state.balance.minor() == all[sequence - 1].balance_minor);
                    REQUIRE(line.time == coffer::to_utc_text(all[sequence - 1].time_ns));
                });
            REQUIRE(visited == 1);
        }
    }
}

TEST_CASE("account history: a posting that was trimmed is refused with what is left", "[journal]") {
    kept_life one{5};
    REQUIRE(one.log.trim(200));
    const history_beginning begin = one.past.beginning();
    REQUIRE(begin.first_record > 100);
    const account_history account{one.past, 1};
    const std::uint64_t first = account.first();
    REQUIRE(first > 1);
    REQUIRE(account.at(first).first_sequence == first);
    try {
        static_cast<void>(account.at(first - 1));
        FAIL("it was found");
    } catch (const history_trimmed& refused) {
        REQUIRE(refused.beginning().first_record == begin.first_record);
        REQUIRE(refused.beginning().first_time_ns == begin.first_time_ns);
    }
}

TEST_CASE("account history: an extent without the posting that it should have is refused",
          "[journal]") {
    kept_life one{6};
    const account_history account{one.past, 1};
    account_extent wrong = account.at(2);
    const std::uint64_t last = sequences_of(wrong).last;
    const auto ignore = [](const posting_line&) {};
    REQUIRE_THROWS_AS(account.visit(wrong, {last + 1, last + 1}, ignore), journal_error);
    ++wrong.postings;
    REQUIRE_THROWS_AS(account.visit(wrong, {1, last + 1}, ignore), journal_error);
    ++wrong.first_sequence;
    REQUIRE_THROWS_AS(account.visit(wrong, {1, last + 1}, ignore), journal_error);
}

TEST_CASE("records of an account: those that post to it, refusals not among them", "[journal]") {
    kept_life one{7};
    const auto from = one.log.read_from(1);
    while (const auto batch = from->next()) {
        for (account_number number = 1; number <= random_life::accounts + 1; ++number) {
            std::vector<std::uint64_t> expected;
            std::uint64_t record = batch->header.first_record;
            visit_records(*batch, [&](const coffer::journal::record& each) {
                visit_postings(each, [&](const coffer::posting& made) {
                    if (made.account == number)
                        expected.push_back(record);
                });
                ++record;
            });
            std::vector<std::uint64_t> found;
            visit_records_of(number, *batch,
                             [&found](const coffer::journal::record&, std::uint64_t at) {
                                 found.push_back(at);
                             });
            REQUIRE(found == expected);
        }
    }
}
