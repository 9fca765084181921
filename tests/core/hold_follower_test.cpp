#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <coffer/hold_follower.hpp>
#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "core/in_threads.hpp"

using coffer::account_number;
using coffer::account_view;
using coffer::errc;
using coffer::hold;
using coffer::hold_follower;
using coffer::hold_id;
using coffer::hold_status;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using coffer::tests::in_threads;

namespace {

constexpr account_number accounts = 200;

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

hold a_hold(account_number account, hold_id id, std::int64_t minor_units) {
    return {.account = account,
            .id = id,
            .amount = cents(minor_units),
            .remaining = cents(minor_units),
            .expires_at_ns = 9};
}

/// What a ledger did with a hold, as its journal would have it.
struct event {
    enum class kind : std::uint8_t { placing, capture, release } what;
    hold after;
    money captured{};
    bool is_final = false;
    account_number payee = 0;
    posting made;
};

/// A ledger that places and ends holds, and forgets the ended ones at once, so that their slots are
/// used again and again.
class leader {
public:
    leader() {
        for (account_number i = 1; i <= accounts; ++i)
            if (!ledger_.open(i, cents(1'000'000)))
                std::abort();
    }

    [[nodiscard]] event next() {
        const account_number account = 1 + random_() % accounts;
        if (open_.size() < 50 || (open_.size() < 300 && random_() % 2 == 0)) {
            const auto made = ledger_.place_hold(account, cents(10), 9);
            open_.push_back(made.hold);
            return {event::kind::placing, made.hold, {}, false, 0, made.posting};
        }
        const std::size_t at = random_() % open_.size();
        const hold one = open_[at];
        event done{event::kind::release, one, {}, false, 0, {}};
        coffer::hold_outcome made{errc::ok, {}};
        if (random_() % 2 == 0) {
            made = ledger_.release(one.account, one.id);
        } else {
            done.what = event::kind::capture;
            done.captured = cents(1 + static_cast<std::int64_t>(random_() % 10));
            done.captured = std::min(done.captured, one.remaining);
            done.is_final = random_() % 2 == 0;
            done.payee = random_() % 2 == 0 ? one.account % accounts + 1 : 0;
            made = ledger_.capture(
                one.account, one.id,
                {.amount = done.captured, .is_final = done.is_final, .payee = done.payee});
        }
        done.after = made.hold;
        done.made = made.posting;
        open_[at] = made.hold;
        if (made.hold.status != hold_status::held) {
            if (random_() % 4 != 0)
                ledger_.forget_hold(one.account, one.id);
            open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
        }
        return done;
    }

    [[nodiscard]] const std::vector<hold>& open_holds() const { return open_; }
    [[nodiscard]] ledger& books() { return ledger_; }

private:
    ledger ledger_;
    std::minstd_rand random_{7};
    std::vector<hold> open_;
};

/// Whether it went as at the leader.
bool follow(ledger& into, hold_follower& follower, const event& one) {
    if (one.what == event::kind::placing) {
        while (!follower.vacate(one.after.id.slot))
            std::this_thread::yield();
        const auto made = follower.place(one.after);
        return made && made.posting.sequence == one.made.sequence &&
               made.posting.held == one.made.held && made.posting.balance == one.made.balance;
    }
    const auto made =
        one.what == event::kind::capture
            ? into.capture(one.after.account, one.after.id,
                           {.amount = one.captured, .is_final = one.is_final, .payee = one.payee})
            : into.release(one.after.account, one.after.id);
    return made && made.posting.sequence == one.made.sequence &&
           made.posting.held == one.made.held && made.hold.status == one.after.status &&
           made.hold.captured == one.after.captured;
}

/// Whether each account holds what its holds hold, and nothing was lost, in a cut.
bool is_consistent_cut(ledger& of) {
    std::map<account_number, std::int64_t> held;
    std::map<account_number, std::int64_t> sums;
    of.cut([&](const account_view& one) { held[one.account] = one.held.minor(); },
           [&](const hold& one) { sums[one.account] += one.remaining.minor(); });
    for (const auto& [account, minor] : held)
        if (sums[account] != minor)
            return false;
    return held.size() == accounts;
}

void open_all(ledger& into) {
    for (account_number i = 1; i <= accounts; ++i)
        REQUIRE(into.open(i, cents(1'000'000)));
}

}  // namespace

TEST_CASE("hold_follower: places a hold under the id it is given", "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(7, cents(100)));
    hold_follower follower{ledger};
    REQUIRE(follower.vacate(5));
    const auto made = follower.place(a_hold(7, {2, 5}, 40));
    REQUIRE(made);
    REQUIRE(made.posting.sequence == 2);
    REQUIRE(made.posting.held == cents(40));
    REQUIRE(ledger.find_hold(7, {2, 5}).hold.remaining == cents(40));
    REQUIRE(ledger.find_hold(7, {2, 5}).hold.expires_at_ns == 9);
    // An earlier slot later, as lanes bring them.
    REQUIRE(follower.vacate(1));
    REQUIRE(follower.place(a_hold(7, {3, 1}, 10)));
    REQUIRE(ledger.capture(7, {2, 5}).posting.held == cents(10));
}

TEST_CASE("hold_follower: refuses what place_hold refuses, another sequence and a taken slot",
          "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(7, cents(100)));
    REQUIRE(ledger.open(8));
    REQUIRE(ledger.close(8));
    hold_follower follower{ledger};
    REQUIRE(follower.place(a_hold(9, {1, 0}, 1)).error == errc::no_such_account);
    REQUIRE(follower.place(a_hold(8, {3, 0}, 1)).error == errc::account_closed);
    REQUIRE(follower.place(a_hold(7, {2, 0}, 101)).error == errc::insufficient_funds);
    REQUIRE(follower.place(a_hold(7, {2, 0}, 0)).error == errc::invalid_amount);
    REQUIRE(follower.place(a_hold(7, {3, 0}, 1)).error == errc::sequence_mismatch);
    REQUIRE(follower.place(a_hold(7, {2, 0}, 1)));
    REQUIRE(follower.vacate(0));  // there is nothing to forget: it is open
    REQUIRE(follower.place(a_hold(7, {3, 0}, 1)).error == errc::already_open);
    REQUIRE(ledger.balance(7).posting.sequence == 2);
    REQUIRE(ledger.balance(7).posting.held == cents(1));
}

TEST_CASE("hold_follower: a slot is used again once its hold has ended, but not under a cut",
          "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(7, cents(100)));
    hold_follower follower{ledger};
    REQUIRE(follower.place(a_hold(7, {2, 0}, 30)));
    REQUIRE(ledger.release(7, {2, 0}));
    {
        auto cut = ledger.begin_cut();
        REQUIRE(cut);
        const auto nothing = [](const auto&) {};
        while (!cut->has_begun())
            static_cast<void>(cut->next(1, nothing, nothing));
        REQUIRE_FALSE(follower.vacate(0));
        REQUIRE(ledger.find_hold(7, {2, 0}).error == errc::no_such_hold);
        std::optional<hold> seen;
        while (cut->next(100, nothing, [&](const hold& one) { seen = one; }) ==
               coffer::resumable_cut::state::more)
            ;
        REQUIRE(seen);
        REQUIRE(seen->status == hold_status::released);
        REQUIRE(seen->id == hold_id{2, 0});
    }
    REQUIRE(follower.vacate(0));
    REQUIRE(follower.place(a_hold(7, {4, 0}, 5)));
    REQUIRE(ledger.find_hold(7, {4, 0}).hold.remaining == cents(5));
}

TEST_CASE("hold_follower: after its end the free slots are used, each once", "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(7, cents(100)));
    REQUIRE(ledger.place_hold(7, cents(1)));
    const hold_id forgotten = ledger.place_hold(7, cents(1)).hold.id;
    REQUIRE(ledger.release(7, forgotten));
    REQUIRE(ledger.forget_hold(7, forgotten));
    std::set<std::uint32_t> taken{0, 1, 4};
    {
        hold_follower follower{ledger};
        REQUIRE(follower.vacate(1));
        REQUIRE(follower.place(a_hold(7, {5, 1}, 1)));  // where a free one was
        REQUIRE(follower.place(a_hold(7, {6, 4}, 1)));
    }
    REQUIRE(ledger.holds() == 3);
    for (int i = 0; i != 20; ++i) {
        const auto made = ledger.place_hold(7, cents(1));
        REQUIRE(made);
        REQUIRE(taken.insert(made.hold.id.slot).second);
    }
    REQUIRE(*taken.rbegin() == taken.size() - 1);
    REQUIRE(ledger.balance(7).posting.held == cents(23));
}

TEST_CASE("hold_follower: beside cuts and readers a ledger comes out as the one that it follows",
          "[core]") {
    leader first;
    ledger second;
    open_all(second);
    std::optional<hold_follower> follower{second};
    std::atomic<bool> is_done{false};
    std::atomic<int> wrong{0};
    in_threads(3, [&](std::size_t thread) {
        if (thread == 0) {
            for (int i = 0; i != 30'000; ++i)
                wrong += !follow(second, *follower, first.next());
            is_done = true;
        }
        while (!is_done)
            if (thread == 1)
                wrong += !is_consistent_cut(second);
            else
                for (std::uint32_t slot = 0; slot != 300; ++slot) {
                    ledger::hold_place from{slot};
                    second.scan_holds(from, 1, [&](const hold& one) {
                        const auto found = second.find_hold(one.account, one.id);
                        wrong += found && found.hold.amount != cents(10);
                        wrong += found && found.posting.sequence < one.id.sequence;
                    });
                }
    });
    REQUIRE(wrong == 0);
    follower.reset();
    for (account_number i = 1; i <= accounts; ++i) {
        const posting mine = second.balance(i).posting;
        const posting theirs = first.books().balance(i).posting;
        REQUIRE(mine.sequence == theirs.sequence);
        REQUIRE(mine.balance == theirs.balance);
        REQUIRE(mine.held == theirs.held);
    }
    for (const hold& one : first.open_holds())
        REQUIRE(second.find_hold(one.account, one.id).hold.remaining == one.remaining);
    REQUIRE(is_consistent_cut(second));
}
