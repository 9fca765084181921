// Real threads against one ledger, every answer recorded and checked.
//
//     stress SECONDS [VIOLATION...]
//
// Exits 0 if no answer was wrong. With VIOLATIONs, for a program with a planted bug, exits 0 as
// soon as one of these is found (see violation.hpp for their names). Others do not count: the bug
// is to be found out for what it does.
#include "core/stress/steps.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <latch>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <coffer/ledger.hpp>

#include "core/stress/history.hpp"

namespace {

using namespace coffer::stress;
using coffer::errc;
using coffer::ledger;
using coffer::money;
using coffer::outcome;
using coffer::posting;

/// One round's shape. Few accounts for much contention; few operations for much beginning.
struct shape {
    std::size_t accounts;
    std::size_t open_at_first;  // the others are opened by the workers, as the round goes on
    std::size_t workers;
    std::size_t operations;  // a worker
    std::uint32_t give_way_once_in;
};

constexpr std::int64_t opening_minor = 1000;

class round_of_work {
public:
    explicit round_of_work(const shape& chosen) : shape_{chosen} {
        give_way_once_in = chosen.give_way_once_in;
        while (opened_ != chosen.open_at_first)
            open_next(total_);
    }

    std::vector<violation> run(std::uint32_t seed) {
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
        // As many cuts as a state has epochs, so that a state that none of them moved has the epoch
        // of the last one. Nobody posts now: see the limits in cut.hpp.
        for (std::size_t i = 1; i != coffer::account::max_epoch; ++i)
            abandon_cut();
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
                     std::int64_t gain_minor, bool opens = false) {
        mine.postings.push_back({when, sight(account, after), gain_minor, opens});
    }

    /// Two accounts that are not open yet are among those tried.
    [[nodiscard]] std::size_t any_account() const {
        return next_random() % std::min(opened_ + 2, shape_.accounts);
    }

    /// Evenly over the round, but twice as often as there are accounts to open.
    [[nodiscard]] bool is_time_to_open() const {
        const std::size_t tries = 2 * (shape_.accounts - shape_.open_at_first);
        return next_random() % (shape_.workers * shape_.operations) < tries;
    }

    void operate(history& mine) {
        if (is_time_to_open())
            return open_next(mine);
        const std::size_t account = any_account();
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
        const outcome done = (ledger_.*which)(number(account), money::from_minor(amount_minor));
        const interval when{invoked, now()};
        if (done)
            note(mine, when, account, done.posting, gain_minor);
        else
            mine.reads.push_back({when, sight(account, done.posting)});
    }

    /// Opens the next account, as others may at the same time; once all are open, the last again.
    void open_next(history& mine) {
        const std::size_t account = std::min(opened_.load(), shape_.accounts - 1);
        const moment invoked = now();
        const outcome opened = ledger_.open(number(account), money::from_minor(opening_minor));
        const interval when{invoked, now()};
        if (!opened)
            return mine.reads.push_back({when, sight(account, opened.posting)});
        note(mine, when, account, opened.posting, opening_minor, true);
        opened_ = account + 1;
    }

    void read(history& mine, std::size_t account) {
        const moment invoked = now();
        const outcome found = ledger_.balance(number(account));
        mine.reads.push_back({{invoked, now()}, sight(account, found.posting)});
    }

    void transfer(history& mine, std::size_t from, std::int64_t amount_minor) {
        const std::size_t other = any_account();
        const std::size_t to = other != from ? other : (from + 1) % shape_.accounts;
        const moment invoked = now();
        const auto done =
            ledger_.transfer(number(from), number(to), money::from_minor(amount_minor));
        const interval when{invoked, now()};
        if (done.error == errc::no_such_account && done.from.sequence == done.to.sequence)
            return mine.denials.push_back({when, from, to});
        if (!done) {
            mine.reads.push_back({when, sight(from, done.from)});
            return mine.reads.push_back({when, sight(to, done.to)});
        }
        note(mine, when, from, done.from, -amount_minor);
        note(mine, when, to, done.to, amount_minor);
        mine.transfers.push_back({sight(from, done.from), sight(to, done.to)});
    }

    void cut(history& mine) {
        if (next_random() % 4 == 0)
            abandon_cut(next_random() % shape_.accounts);
        taken one{};
        for (std::size_t i = 0; i != shape_.accounts; ++i)
            one.states.push_back({i, 0, 0});
        one.when.invoked = now();
        const auto visit = [&one](const posting& state) {
            one.states[index(state.account)] = sight(index(state.account), state);
        };
        coffer::cut_summary summary;
        if (next_random() % 2 == 0)
            summary = ledger_.cut(visit);
        else
            summary = cut_in_steps(visit);
        one.when.responded = now();
        one.accounts = summary.accounts;
        one.total_minor = static_cast<std::int64_t>(summary.total_minor);
        mine.cuts.push_back(std::move(one));
    }

    template <class Visitor>
    coffer::cut_summary cut_in_steps(const Visitor& visit) {
        std::optional<coffer::resumable_cut> one = ledger_.begin_cut();
        while (one->next(1 + next_random() % 8, visit) == coffer::resumable_cut::state::more)
            step();
        return one->summary();
    }

    /// Leaves a cut after it has begun and taken some of its steps.
    void abandon_cut(std::size_t steps = 0) {
        constexpr auto ignore = [](const posting&) {};
        std::optional<coffer::resumable_cut> one = ledger_.begin_cut();
        while (!one->has_begun())
            one->next(shape_.accounts, ignore);
        while (steps-- != 0)
            one->next(1, ignore);
    }

    shape shape_;
    ledger ledger_{{1, 0}};
    history total_;
    std::atomic<std::size_t> opened_{0};  // the accounts before this index
    std::atomic<std::size_t> working_{shape_.workers};
};

// Those that give way most often find most; the others are closer to what a server does.
constexpr shape shapes[] = {
    {2, 2, 2, 2'000, 0}, {16, 8, 6, 500, 1},    {2, 2, 3, 2'000, 4},     {5, 2, 4, 2'000, 2},
    {8, 8, 4, 2'000, 8}, {64, 16, 4, 2'000, 3}, {16, 8, 4, 1'000, 2},    {2, 2, 8, 1'000, 16},
    {12, 6, 6, 500, 1},  {5, 5, 6, 1'000, 32},  {16, 2, 2, 4'000, 0},    {16, 2, 4, 100, 8},
    {12, 12, 6, 500, 1}, {2, 2, 3, 2'000, 2},   {200, 150, 4, 1'000, 4},
};

/// The violations that `words` names, or nothing if one of them names none.
std::optional<std::vector<violation_kind>> kinds_named(std::span<char*> words) {
    std::vector<violation_kind> kinds;
    for (const char* const word : words) {
        const auto kind = kind_named(word);
        if (!kind)
            return std::nullopt;
        kinds.push_back(*kind);
    }
    return kinds;
}

/// Whether one of `found` is of a kind that counts.
bool has_any(const std::vector<violation>& found, const std::vector<violation_kind>& counted) {
    return std::any_of(found.begin(), found.end(), [&counted](const violation& one) {
        return std::find(counted.begin(), counted.end(), one.kind) != counted.end();
    });
}

}  // namespace

int main(int argc, char** argv) {
    const std::span words{argv, static_cast<std::size_t>(argc)};
    const auto wanted = kinds_named(words.subspan(std::min<std::size_t>(2, words.size())));
    if (argc < 2 || !wanted) {
        std::fputs("usage: stress SECONDS [VIOLATION...]\n", stderr);
        return 2;
    }
    const moment end = now() + std::int64_t{std::atoi(argv[1])} * 1'000'000'000;
    std::uint32_t rounds = 0;
    while (now() < end) {
        const shape& chosen = shapes[rounds++ % std::size(shapes)];
        const auto found = round_of_work{chosen}.run(rounds);
        for (const violation& one : found)
            std::printf("round %u: %s: %s\n", rounds, std::string{name_of(one.kind)}.c_str(),
                        one.where.c_str());
        if (has_any(found, *wanted))
            return EXIT_SUCCESS;
        if (!found.empty() && wanted->empty())
            return EXIT_FAILURE;
    }
    const bool none_wanted = wanted->empty();
    std::printf("%u rounds, %s\n", rounds,
                none_wanted ? "no answer was wrong" : "and none of the violations expected");
    return none_wanted ? EXIT_SUCCESS : EXIT_FAILURE;
}
