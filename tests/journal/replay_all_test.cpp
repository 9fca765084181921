#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "journal/journal_error.hpp"
#include "journal/random_life.hpp"
#include "journal/replay.hpp"

using coffer::account_number;
using coffer::account_status;
using coffer::errc;
using coffer::hold;
using coffer::hold_status;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using namespace coffer::journal;

namespace {

constexpr money cents(std::int64_t minor) {
    return money::from_minor(minor);
}

std::string replay(replayer& into, std::span<const std::vector<std::byte>> records) {
    batch_builder batch;
    for (const auto& one : records)
        batch.add(one);
    try {
        into.apply(batch.seal({100, 0, 0}, {5}), "a file");
    } catch (const journal_error& refused) {
        return refused.what();
    }
    return {};
}

std::string replay(replayer& into, const record& one) {
    std::vector<std::byte> bytes(format::record::max_bytes);
    bytes.resize(encode(one, bytes));
    return replay(into, std::vector<std::vector<std::byte>>{bytes});
}

/// A copy as a snapshot would make it.
void restore(const ledger& from, ledger& into, replayer& holds) {
    for (account_number number = 1; number <= random_life::accounts; ++number) {
        const auto found = from.look(number).account;
        REQUIRE(into.restore(found, found.status));
    }
    coffer::ledger::hold_place place;
    REQUIRE(from.scan_holds(place, 100'000, [&](const hold& one) { holds.restore_hold(one); }));
}

/// `found` may know ended holds that the other has forgotten.
void require_same(const ledger& found, const ledger& expected) {
    for (account_number number = 1; number <= random_life::accounts; ++number) {
        const auto one = found.look(number).account;
        const auto other = expected.look(number).account;
        INFO("account " << number);
        REQUIRE(one.sequence == other.sequence);
        REQUIRE(one.balance == other.balance);
        REQUIRE(one.held == other.held);
        REQUIRE(one.status == other.status);
        REQUIRE(found.durable_sequence(number) == other.sequence);
    }
    coffer::ledger::hold_place place;
    REQUIRE(expected.scan_holds(place, 100'000, [&](const hold& one) {
        const auto same = found.find_hold(one.account, one.id);
        REQUIRE(same.error == errc::ok);
        REQUIRE(same.hold.amount == one.amount);
        REQUIRE(same.hold.captured == one.captured);
        REQUIRE(same.hold.remaining == one.remaining);
        REQUIRE(same.hold.status == one.status);
        REQUIRE(same.hold.expires_at_ns == one.expires_at_ns);
    }));
}

/// Each account holds what its holds hold.
void require_same_holds(ledger& of) {
    std::map<account_number, std::int64_t> held;
    coffer::ledger::hold_place place;
    REQUIRE(of.scan_holds(
        place, 100'000, [&held](const hold& one) { held[one.account] += one.remaining.minor(); }));
    for (account_number number = 1; number <= random_life::accounts; ++number)
        REQUIRE(of.balance(number).posting.held == cents(held[number]));
}

}  // namespace

TEST_CASE("replay: does all that a ledger does, with the same holds", "[journal]") {
    for (std::uint64_t seed = 0; seed != 100; ++seed) {
        INFO("seed " << seed);
        random_life life{seed};
        for (int i = 0; i != 300; ++i)
            life.step();
        ledger again;
        replayer into{again};
        REQUIRE(replay(into, life.records) == "");
        into.finish("a file");
        REQUIRE(into.counts().skipped == 0);
        require_same(again, life.ledger);
    }
}

TEST_CASE("replay: where it follows, holds are in the ledger as they change", "[journal]") {
    for (std::uint64_t seed = 0; seed != 100; ++seed) {
        INFO("seed " << seed);
        random_life life{seed};
        for (int i = 0; i != 300; ++i)
            life.step();
        ledger again;
        std::optional<replayer> into{again};
        into->follow();
        const std::span all{life.records};
        for (std::size_t done = 0; done < all.size(); done += 40)
            REQUIRE(replay(*into,
                           all.subspan(done, std::min<std::size_t>(40, all.size() - done))) == "");
        into.reset();
        require_same(again, life.ledger);
        for (account_number number = 1; number <= random_life::accounts; ++number)
            static_cast<void>(again.place_hold(number, cents(1)));
        require_same_holds(again);
    }
}

TEST_CASE("replay: goes on from a snapshot with holds, whichever records are in it", "[journal]") {
    for (std::uint64_t seed = 0; seed != 100; ++seed) {
        INFO("seed " << seed);
        random_life life{seed};
        for (int i = 0; i != 100; ++i)
            life.step();
        const std::size_t before = life.records.size();
        for (int i = 0; i != 100; ++i)
            life.step();
        const std::size_t in_snapshot = life.records.size() - before;
        ledger again;
        replayer into{again};
        restore(life.ledger, again, into);
        for (int i = 0; i != 100; ++i)
            life.step();
        const auto tail = std::span{life.records}.subspan(before);
        REQUIRE(replay(into, tail) == "");
        into.finish("a file");
        REQUIRE(into.counts().skipped == in_snapshot);
        require_same(again, life.ledger);
    }
}

namespace {

const hold placed{.account = 7, .id = {2, 3}, .amount = cents(40), .remaining = cents(40)};

record a_release(std::uint64_t sequence, const hold& of) {
    hold ended = of;
    ended.remaining = {};
    ended.status = hold_status::released;
    return record::of_hold(hold_operation::release, {errc::ok, {7, sequence, cents(100)}, ended},
                           of.amount);
}

}  // namespace

TEST_CASE("replay: refuses what a hold contradicts, and names it", "[journal]") {
    const bool follows = GENERATE(false, true);
    const auto refusal_of = [follows](const std::function<std::string(replayer&)>& then) {
        ledger ledger;
        replayer into{ledger};
        if (follows)
            into.follow();
        REQUIRE(replay(into, record::of_opening({7, 1, cents(100)})) == "");
        REQUIRE(replay(into, record::of_hold(hold_operation::placing,
                                             {errc::ok, {7, 2, cents(100), cents(40)}, placed},
                                             cents(40))) == "");
        return then(into);
    };
    const std::string start = "a file: record 100: posting 3 of account 7 ";
    REQUIRE(refusal_of([](replayer& into) { return replay(into, a_release(3, placed)); }) == "");
    REQUIRE(refusal_of([](replayer& into) {
                hold other = placed;
                other.id.slot = 4;
                return replay(into, a_release(3, other));
            }) == start + "is of hold 2-4, which is not there");
    REQUIRE(refusal_of([](replayer& into) {
                REQUIRE(replay(into, a_release(3, placed)) == "");
                return replay(into, a_release(4, placed));
            }) ==
            "a file: record 100: posting 4 of account 7 is of hold 2-3, which has ended before");
    REQUIRE(refusal_of([](replayer& into) {
                hold other = placed;
                other.amount = other.remaining = cents(39);
                return replay(into, a_release(3, other));
            }) == start + "changes the amount or the end of hold 2-3");
    REQUIRE(refusal_of([](replayer& into) {
                record one = a_release(3, placed);
                one.state.held = cents(1);
                return replay(into, one);
            }) == start + "leaves 0.0 held, but the journal says 0.01");
    REQUIRE(refusal_of([](replayer& into) {
                return replay(into, record::of_withdrawal({7, 3, cents(20), cents(20)}, cents(80)));
            }) == start + "cannot be made after the one before it");
    REQUIRE(refusal_of([](replayer& into) {
                hold other = placed;
                other.id.sequence = 3;
                return replay(
                    into,
                    record::of_hold(hold_operation::placing,
                                    {errc::ok, {7, 3, cents(100), cents(80)}, other}, cents(40)));
            }) == start + "places hold 3-3 where hold 2-3 of account 7 is still open");
}

TEST_CASE("replay: refuses a snapshot whose holds are not what its accounts hold", "[journal]") {
    ledger ledger;
    REQUIRE(ledger.restore({7, 2, cents(100), cents(39)}));
    replayer into{ledger};
    into.restore_hold(placed);
    REQUIRE_THROWS_WITH(into.finish("a file"), "a file: account 7 holds 0.39, but its holds 0.4");
}

TEST_CASE("replay: refuses an account with money held that no hold has", "[journal]") {
    ledger ledger;
    REQUIRE(ledger.restore({7, 2, cents(100), cents(40)}));
    REQUIRE(ledger.open(8));
    replayer into{ledger};
    REQUIRE_THROWS_WITH(into.finish("a file"), "a file: account 7 holds 0.4, but its holds 0.0");
}

TEST_CASE("replay: refuses a hold in a slot that no server has come to", "[journal]") {
    hold far = placed;
    const auto placing_in = [&far](std::uint32_t slot) {
        ledger ledger;
        REQUIRE(ledger.restore({7, 1, cents(100)}));
        replayer into{ledger};
        far.id.slot = slot;
        return replay(into,
                      record::of_hold(hold_operation::placing,
                                      {errc::ok, {7, 2, cents(100), cents(40)}, far}, cents(40)));
    };
    // The record's number is 100.
    REQUIRE(placing_in(most_slots_ahead + 99) == "");
    REQUIRE(placing_in(most_slots_ahead + 100) ==
            "a file: record 100: posting 2 of account 7 is of hold 2-1048676, whose slot is beyond "
            "all that there can be");
    REQUIRE_THAT(placing_in(4'000'000'000),
                 coffer::test::Contains("hold 2-4000000000, whose slot"));
}

namespace {

/// A ledger that follows, with a hold that has ended, and a cut that needs it.
struct followed {
    coffer::ledger ledger;
    replayer into{ledger};
    int waits = 0;

    followed() {
        into.follow([this] {
            if (++waits == 10)
                throw waited{};
        });
        REQUIRE(replay(into, record::of_opening({7, 1, cents(100)})) == "");
        REQUIRE(replay(into, record::of_hold(hold_operation::placing,
                                             {errc::ok, {7, 2, cents(100), cents(40)}, placed},
                                             cents(40))) == "");
    }
    struct waited {};
    /// Uses the slot again.
    [[nodiscard]] std::string go_on() {
        if (const std::string refused = replay(into, a_release(3, placed)); !refused.empty())
            return refused;
        hold next = placed;
        next.id.sequence = 4;
        return replay(into,
                      record::of_hold(hold_operation::placing,
                                      {errc::ok, {7, 4, cents(100), cents(40)}, next}, cents(40)));
    }
};

}  // namespace

TEST_CASE("replay: where it follows, overtakes a cut whose user does not go on", "[journal]") {
    followed one;
    auto slow = one.ledger.begin_cut();
    REQUIRE(slow);
    const auto skip = [](const auto&) {};
    while (!slow->has_begun())
        REQUIRE(slow->next(1, skip, skip) == coffer::resumable_cut::state::more);
    REQUIRE(one.go_on() == "");
    REQUIRE(one.waits == 0);
    REQUIRE(slow->next(1, skip, skip) == coffer::resumable_cut::state::overtaken);
    // It has left: another cut may begin, and is whole.
    std::size_t holds = 0;
    one.ledger.cut(skip, [&](const hold& found) { holds += found.id.sequence == 4 ? 1U : 0U; });
    REQUIRE(holds == 1);
}

TEST_CASE("replay: where it follows, waits for any other cut as long as it is asked to",
          "[journal]") {
    followed one;
    one.ledger.cut(
        [&](const coffer::account_view&) { REQUIRE_THROWS_AS(one.go_on(), followed::waited); });
    REQUIRE(one.waits == 10);
}
