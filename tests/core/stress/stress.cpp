// Real threads against one ledger, every answer recorded and checked.
//
//     stress SECONDS [violation]
//
// Without `violation`, exits 0 if no answer was wrong. With it, for a program with a planted bug,
// exits 0 as soon as one is.
#include "core/stress/steps.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <latch>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <coffer/ledger.hpp>

#include "core/stress/history.hpp"

namespace {

using namespace coffer::stress;
using coffer::ledger;
using coffer::money;
using coffer::outcome;
using coffer::posting;

/// One round's shape. Few accounts for much contention; few operations for much beginning.
struct shape {
    std::size_t accounts;
    std::size_t workers;
    std::size_t operations;  // a worker
    std::uint32_t give_way_once_in;
};

constexpr std::int64_t opening_minor = 1000;

class round_of_work {
public:
    explicit round_of_work(const shape& chosen) : shape_{chosen} {
        give_way_once_in = chosen.give_way_once_in;
        for (std::size_t i = 0; i != chosen.accounts; ++i) {
            const moment invoked = now();
            const outcome opened = books_.open(number(i), money::from_minor(opening_minor));
            note(total_, {invoked, now()}, i, opened.posting, opening_minor);
        }
    }

    std::vector<std::string> run(std::uint32_t seed) {
        std::vector<history> each(shape_.workers);
        std::vector<std::thread> threads;
        std::latch all_there{static_cast<std::ptrdiff_t>(shape_.workers + 1)};
        for (std::size_t i = 0; i != shape_.workers; ++i)
            threads.emplace_back([this, &each, &all_there, i, seed] {
                random_state() = seed * 31 + static_cast<std::uint32_t>(i) * 7919 + 1;
                all_there.arrive_and_wait();
                for (std::size_t n = 0; n != shape_.operations; ++n)
                    operate(each[i]);
                --working_;
            });
        random_state() = seed + 1;
        all_there.arrive_and_wait();
        // Every cut is checked against every transfer: a bound keeps that to a moment.
        constexpr std::size_t most_cuts = 200;
        while (working_ != 0 && total_.cuts.size() != most_cuts)
            cut(total_);
        for (std::thread& one : threads)
            one.join();
        cut(total_);
        for (const history& one : each)
            total_.append(one);
        return violations(total_, shape_.accounts);
    }

private:
    static coffer::account_number number(std::size_t index) { return 10'001 + index; }
    static std::size_t index(coffer::account_number number) { return number - 10'001; }

    static sighting sight(std::size_t account, const posting& state) {
        return {account, state.sequence, state.balance.minor()};
    }
    static void note(history& mine, interval when, std::size_t account, const posting& after,
                     std::int64_t gain_minor) {
        mine.postings.push_back({when, sight(account, after), gain_minor});
    }

    void operate(history& mine) {
        const std::size_t account = next_random() % shape_.accounts;
        const std::int64_t amount_minor = 1 + next_random() % 300;
        switch (next_random() % 8) {
            case 0:
                return change(mine, account, amount_minor, &ledger::deposit, amount_minor);
            case 1:
            case 2:
                return change(mine, account, amount_minor, &ledger::withdraw, -amount_minor);
            case 3:
                return read(mine, account);
            default:
                return transfer(mine, account, amount_minor);
        }
    }

    using operation = outcome (ledger::*)(coffer::account_number, money) noexcept;

    void change(history& mine, std::size_t account, std::int64_t amount_minor, operation which,
                std::int64_t gain_minor) {
        const moment invoked = now();
        const outcome done = (books_.*which)(number(account), money::from_minor(amount_minor));
        const interval when{invoked, now()};
        if (done)
            note(mine, when, account, done.posting, gain_minor);
        else
            mine.reads.push_back({when, sight(account, done.posting)});
    }

    void read(history& mine, std::size_t account) {
        const moment invoked = now();
        const outcome found = books_.balance(number(account));
        mine.reads.push_back({{invoked, now()}, sight(account, found.posting)});
    }

    void transfer(history& mine, std::size_t from, std::int64_t amount_minor) {
        const std::size_t to = (from + 1 + next_random() % (shape_.accounts - 1)) % shape_.accounts;
        const moment invoked = now();
        const auto done =
            books_.transfer(number(from), number(to), money::from_minor(amount_minor));
        const interval when{invoked, now()};
        if (!done)
            return mine.reads.push_back({when, sight(from, done.from)});
        note(mine, when, from, done.from, -amount_minor);
        note(mine, when, to, done.to, amount_minor);
        mine.transfers.push_back({sight(from, done.from), sight(to, done.to)});
    }

    void cut(history& mine) {
        taken one;
        for (std::size_t i = 0; i != shape_.accounts; ++i)
            one.states.push_back({i, 0, 0});
        one.when.invoked = now();
        const auto summary = books_.cut([&one](const posting& state) {
            one.states[index(state.account)] = sight(index(state.account), state);
        });
        one.when.responded = now();
        one.total_minor = static_cast<std::int64_t>(summary.total_minor);
        mine.cuts.push_back(std::move(one));
    }

    shape shape_;
    ledger books_{{1, 0}};
    history total_;
    std::atomic<std::size_t> working_{shape_.workers};
};

constexpr shape shapes[] = {
    {2, 2, 2'000, 0},  {2, 3, 2'000, 4},  {3, 4, 2'000, 2},  {8, 4, 2'000, 8},
    {64, 4, 2'000, 3}, {2, 8, 1'000, 16}, {5, 6, 1'000, 32}, {16, 2, 4'000, 0},
};

}  // namespace

int main(int argc, char** argv) {
    const auto seconds = argc > 1 ? std::atoi(argv[1]) : 1;
    const bool expects_violation = argc > 2 && std::string_view{argv[2]} == "violation";
    const moment end = now() + std::int64_t{seconds} * 1'000'000'000;
    std::uint32_t rounds = 0;
    while (now() < end) {
        const shape& chosen = shapes[rounds++ % std::size(shapes)];
        const auto found = round_of_work{chosen}.run(rounds);
        for (const std::string& one : found)
            std::printf("round %u: %s\n", rounds, one.c_str());
        if (!found.empty())
            return expects_violation ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    std::printf("%u rounds, no answer was wrong\n", rounds);
    return expects_violation ? EXIT_FAILURE : EXIT_SUCCESS;
}
