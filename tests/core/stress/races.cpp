// Holds ended by several threads at once, and cuts beside them: by counts, not by time.
//
//     races triples COUNT    COUNT holds, each captured, released and expired at once
//     races cuts COUNT       COUNT cuts beside transactions and holds, 4000 at most
//
// Exits 0 if each hold had one winner and every total was exact.
#include "core/stress/steps.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include <coffer/ledger.hpp>

#include "core/in_threads.hpp"

namespace {

using coffer::account_number;
using coffer::hold_status;
using coffer::money;
using coffer::stress::next_random;

constexpr std::uint64_t accounts = 4;
constexpr std::int64_t opening_minor = 1'000'000'000;

bool failed(const char* what, std::uint64_t where) {
    std::printf("%s: %llu\n", what, static_cast<unsigned long long>(where));
    return false;
}

account_number any_account() {
    return 1 + next_random() % accounts;
}

void open_accounts(coffer::ledger& ledger) {
    for (account_number i = 1; i <= accounts; ++i)
        if (!ledger.open(i, money::from_minor(opening_minor)))
            std::abort();
}

/// One cut's totals, or nothing where they do not fit together.
struct cut_totals {
    std::int64_t booked_minor = 0;
    std::uint64_t open_holds = 0;
    bool fit = true;
};

cut_totals totals_of(coffer::ledger& ledger) {
    cut_totals all;
    std::array<std::int64_t, accounts + 1> held_minor{};
    const auto summary = ledger.cut(
        [&](const coffer::account_view& one) {
            all.booked_minor += one.balance.minor();
            held_minor[one.account] += one.held.minor();
        },
        [&](const coffer::hold& one) {
            held_minor[one.account] -= one.remaining.minor();
            all.open_holds += one.status == hold_status::held ? 1 : 0;
        });
    all.fit = summary.accounts == accounts &&
              static_cast<std::int64_t>(summary.total_minor) == all.booked_minor &&
              std::all_of(held_minor.begin(), held_minor.end(),
                          [](std::int64_t left) { return left == 0; });
    return all;
}

/// Three threads go through the same holds, a batch at a time, each to end them in its own way.
class triples {
public:
    explicit triples(std::uint64_t count) : count_{count} { open_accounts(ledger_); }

    bool run() {
        std::barrier<> together{3};
        coffer::tests::in_threads(3, [&](std::size_t thread) {
            coffer::stress::random_state() = static_cast<std::uint32_t>(thread) * 7919 + 1;
            for (std::uint64_t done = 0; done < count_; done += batch) {
                if (thread == 0)
                    place();
                together.arrive_and_wait();
                for (std::size_t i = 0; i != batch; ++i)
                    has_won_[thread][i] = end(thread, i);
                together.arrive_and_wait();
                if (thread == 0)
                    judge();
            }
        });
        const cut_totals all = totals_of(ledger_);
        const std::int64_t left_minor =
            static_cast<std::int64_t>(accounts) * opening_minor - paid_minor_;
        std::printf(
            "%llu holds: %llu captured, %llu released, %llu expired\n",
            static_cast<unsigned long long>(placed_), static_cast<unsigned long long>(wins_[0]),
            static_cast<unsigned long long>(wins_[1]), static_cast<unsigned long long>(wins_[2]));
        if (!all.fit || all.open_holds != 0 || all.booked_minor != left_minor)
            return failed("wrong total", static_cast<std::uint64_t>(all.booked_minor));
        return is_right_ || failed("holds without one winner", wrong_);
    }

private:
    static constexpr std::size_t batch = 64;

    void place() {
        for (std::size_t i = 0; i != batch; ++i) {
            const auto one = ledger_.place_hold(any_account(), money::from_minor(1 + i % 7));
            if (!one)
                std::abort();
            holds_[i] = one.hold;
            ++placed_;
        }
    }

    bool end(std::size_t thread, std::size_t i) {
        const coffer::hold& one = holds_[i];
        if (thread != 0)
            return static_cast<bool>(ledger_.release(
                one.account, one.id, thread == 1 ? hold_status::released : hold_status::expired));
        // Half of them are paid out of the ledger.
        const account_number payee = one.account % accounts + 1;
        return static_cast<bool>(
            ledger_.capture(one.account, one.id, {{}, false, i % 2 == 0 ? payee : 0}));
    }

    void judge() {
        for (std::size_t i = 0; i != batch; ++i) {
            std::size_t winners = 0;
            for (std::size_t thread = 0; thread != 3; ++thread) {
                winners += has_won_[thread][i] ? 1U : 0U;
                wins_[thread] += has_won_[thread][i] ? 1U : 0U;
            }
            const coffer::hold& one = holds_[i];
            if (has_won_[0][i] && i % 2 != 0)
                paid_minor_ += one.amount.minor();
            if (winners != 1 || !ledger_.forget_hold(one.account, one.id)) {
                is_right_ = false;
                ++wrong_;
            }
        }
    }

    coffer::ledger ledger_{{1, 0}};
    std::uint64_t count_;
    std::array<coffer::hold, batch> holds_{};
    std::array<std::array<bool, batch>, 3> has_won_{};
    std::array<std::uint64_t, 3> wins_{};
    std::uint64_t placed_ = 0;
    std::uint64_t wrong_ = 0;
    std::int64_t paid_minor_ = 0;
    bool is_right_ = true;
};

/// Operations between two cuts, of all threads.
constexpr std::uint64_t least_work = 50;

/// Holds of one thread, so that a cut is over soon.
constexpr std::size_t most_of_mine = 64;

/// Moves money about, but none out of the ledger.
void work(coffer::ledger& ledger, std::vector<coffer::hold>& mine) {
    const account_number one = any_account();
    const account_number other = one % accounts + 1;
    const std::int64_t amount_minor = 2 + next_random() % 50;
    const std::size_t choice = next_random() % 8;
    if (choice < 2) {
        const std::array<coffer::leg, 3> legs{{
            {one, money::from_minor(-amount_minor)},
            {other, money::from_minor(amount_minor - 1)},
            {other % accounts + 1, money::from_minor(1)},
        }};
        static_cast<void>(ledger.transact(legs));
    } else if (choice == 2) {
        static_cast<void>(ledger.transfer(one, other, money::from_minor(amount_minor)));
    } else if (mine.empty() || (choice < 5 && mine.size() < most_of_mine)) {
        if (const auto placed = ledger.place_hold(one, money::from_minor(amount_minor)))
            mine.push_back(placed.hold);
    } else {
        const coffer::hold hold = mine.back();
        if (choice <= 5)
            static_cast<void>(ledger.release(hold.account, hold.id));
        else
            static_cast<void>(
                ledger.capture(hold.account, hold.id,
                               {money::from_minor(1), choice == 6, hold.account % accounts + 1}));
        if (choice != 7) {
            static_cast<void>(ledger.forget_hold(hold.account, hold.id));
            mine.pop_back();
        }
    }
}

bool cuts(std::uint64_t count) {
    coffer::ledger ledger{{1, 0}};
    open_accounts(ledger);
    std::atomic<bool> is_over{false};
    std::atomic<std::uint64_t> worked{0};
    bool is_right = true;
    std::uint64_t most_open = 0;
    coffer::tests::in_threads(4, [&](std::size_t thread) {
        coffer::stress::random_state() = static_cast<std::uint32_t>(thread) * 7919 + 1;
        std::vector<coffer::hold> mine;
        for (; thread != 0 && !is_over; ++worked)
            work(ledger, mine);
        for (std::uint64_t i = 0; thread == 0 && i != count && is_right; ++i) {
            // However the machine shares its time out, the cuts are not all made in one go.
            while (worked < i * least_work)
                std::this_thread::yield();
            const cut_totals all = totals_of(ledger);
            most_open = std::max(most_open, all.open_holds);
            if (!all.fit || all.booked_minor != static_cast<std::int64_t>(accounts) * opening_minor)
                is_right = failed("wrong total in cut", i);
        }
        if (thread == 0)
            is_over = true;
    });
    std::printf("%llu cuts, with up to %llu open holds\n", static_cast<unsigned long long>(count),
                static_cast<unsigned long long>(most_open));
    return is_right;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view form = argc == 3 ? argv[1] : "";
    const std::uint64_t count = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
    coffer::stress::give_way_once_in = 16;
    if (form == "triples" && count != 0)
        return triples{count}.run() ? EXIT_SUCCESS : EXIT_FAILURE;
    if (form == "cuts" && count != 0 && count <= 4000)
        return cuts(count) ? EXIT_SUCCESS : EXIT_FAILURE;
    std::fputs("usage: races triples COUNT | races cuts COUNT\n", stderr);
    return 2;
}
