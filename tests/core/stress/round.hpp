// One round of the stress test: a ledger of its own, threads that work on it, and one that cuts.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/stress/clerk.hpp"
#include "core/stress/history.hpp"
#include "core/stress/schedule.hpp"
#include "core/stress/steps.hpp"

namespace coffer::stress {

/// One round's shape. Few accounts for much contention; few operations for much beginning.
struct shape {
    std::size_t accounts;
    std::size_t open_at_first;  // the others are opened by the workers, as the round goes on
    std::size_t workers;
    std::size_t operations;  // a worker
    std::uint32_t give_way_once_in;
};

class round_of_work {
public:
    explicit round_of_work(const shape& chosen)
        : shape_{chosen}, books_{chosen.accounts, chosen.workers * chosen.operations} {
        give_way_once_in = chosen.give_way_once_in;
        books_.open_at_first = chosen.open_at_first;
        for (clerk opener{books_, total_}; books_.opened != chosen.open_at_first;)
            opener.open_next();
    }

    /// By real threads.
    std::vector<violation> run(std::uint32_t seed) {
        std::vector<history> each(shape_.workers);
        std::vector<std::thread> threads;
        std::latch all_there{static_cast<std::ptrdiff_t>(shape_.workers + 1)};
        for (std::size_t i = 0; i != shape_.workers; ++i)
            threads.emplace_back([this, &each, &all_there, i, seed] {
                random_state() = seed * 31 + static_cast<std::uint32_t>(i) * 7919 + 1;
                all_there.arrive_and_wait();
                work(each[i]);
            });
        random_state() = seed + 1;
        all_there.arrive_and_wait();
        cut_while_they_work();
        for (std::thread& one : threads)
            one.join();
        return judge(each);
    }

    /// In the order that the seed decides.
    std::vector<violation> run_scheduled(std::uint32_t seed) {
        std::vector<history> each(shape_.workers);
        random_state() = seed + 1;
        schedule order{seed, 1 + seed % 4 * 2};
        for (history& mine : each)
            order.add([this, &mine] { work(mine); });
        order.add([this] { cut_while_they_work(); });
        if (!order.run())
            return {{violation_kind::never_ends, "too many steps, or calls too deep"}};
        return judge(each);
    }

private:
    void work(history& mine) {
        clerk one{books_, mine};
        for (std::size_t n = 0; n != shape_.operations; ++n)
            one.operate();
        --working_;
    }

    void cut_while_they_work() {
        // Every cut is checked against every transfer: a bound keeps that to a moment.
        constexpr std::size_t most_cuts = 200;
        while (working_ != 0 && total_.cuts.size() != most_cuts)
            cut();
    }

    std::vector<violation> judge(const std::vector<history>& each) {
        cut();
        // As many cuts as a state has epochs, so that a state that none of them moved has the epoch
        // of the last one. Nobody posts now: see the limits in cut.hpp.
        for (std::size_t i = 1; i != coffer::account::max_epoch; ++i)
            abandon_cut();
        cut();
        for (const history& one : each)
            total_.append(one);
        return violations(total_, shape_.accounts);
    }

    void cut() {
        if (next_random() % 4 == 0)
            abandon_cut(next_random() % shape_.accounts);
        taken one{};
        for (std::size_t i = 0; i != shape_.accounts; ++i)
            one.states.push_back({i, 0, 0});
        one.when.invoked = now();
        const auto visit = [&one](const coffer::account_view& state) {
            one.states[clerk::index(state.account)] = clerk::sight(state);
        };
        const auto visit_hold = [&one](const coffer::hold& hold) {
            const std::uint64_t sequence = one.states[clerk::index(hold.account)].sequence;
            one.holds.push_back(clerk::sight(hold, sequence));
        };
        coffer::cut_summary summary;
        if (next_random() % 2 == 0)
            summary = books_.ledger.cut(visit, visit_hold);
        else
            summary = cut_in_steps(visit, visit_hold);
        one.when.responded = now();
        one.accounts = summary.accounts;
        one.total_minor = static_cast<std::int64_t>(summary.total_minor);
        total_.cuts.push_back(std::move(one));
    }

    template <class Visitor, class HoldVisitor>
    coffer::cut_summary cut_in_steps(const Visitor& visit, const HoldVisitor& visit_hold) {
        std::optional<coffer::resumable_cut> one = books_.ledger.begin_cut();
        while (one->next(1 + next_random() % 8, visit, visit_hold) ==
               coffer::resumable_cut::state::more)
            step();
        return one->summary();
    }

    /// Leaves a cut after it has begun and taken some of its steps.
    void abandon_cut(std::size_t steps = 0) {
        constexpr auto ignore = [](const posting&) {};
        std::optional<coffer::resumable_cut> one = books_.ledger.begin_cut();
        while (!one->has_begun())
            one->next(shape_.accounts, ignore);
        while (steps-- != 0)
            one->next(1, ignore);
    }

    shape shape_;
    books books_;
    history total_;
    std::atomic<std::size_t> working_{shape_.workers};
};

}  // namespace coffer::stress
