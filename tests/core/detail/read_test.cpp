// A reader of a reserved account, between whose steps transactions begin and end. It is compiled
// again with the bug planted that it is there to find.
#include "core/stepwise.hpp"

#include <coffer/detail/transaction_table.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

#include "catch.hpp"

using coffer::account_state;
using coffer::detail::transaction_plan;
using coffer::detail::transaction_table;
using coffer::tests::stepwise;

namespace {

account_state state_of(std::int64_t minor_units, std::uint64_t sequence) {
    return {coffer::money::from_minor(minor_units), sequence, 0, 1};
}

/// One account that is reserved again and again, and never gets a posting.
struct scene {
    static constexpr std::size_t event_count = 6;

    scene() { REQUIRE(one.replace({}, state)); }

    void reserve(std::uint16_t number) {
        account_state reserved = state;
        reserved.transfer = number;
        REQUIRE(one.replace(state, reserved));
    }
    void give_back(std::uint16_t number) {
        account_state reserved = state;
        reserved.transfer = number;
        REQUIRE(one.replace(reserved, state));
        table.release(number);
    }
    /// Publishes a transaction of this account alone, in the record `first`, but not more.
    void begin_release() {
        coffer::detail::transactions::favourite() = first;
        release.step();
        release.step();
    }
    void happen(std::size_t event) {
        if (event == 0)
            give_back(first);  // its transaction is aborted
        else if (event == 1)
            begin_release();
        else if (event == 2)
            reserve(second = table.claim());
        else if (event == 3)
            release.finish();  // in vain: the account is reserved by another one
        else if (event == 4)
            give_back(second);
        else
            reserve(third = claim_first());
    }
    std::uint16_t claim_first() {
        coffer::detail::transactions::favourite() = first;
        return table.claim();
    }
    bool do_release() {
        transaction_plan plan;
        plan.leg_count = 1;
        plan.protected_count = 0;
        plan.legs[0] = {&one, coffer::detail::pack(state), coffer::detail::pack(state_of(110, 4))};
        return table.carry_out(table.claim(), plan);
    }

    account_state state = state_of(100, 3);
    transaction_table table{};
    coffer::account one{};
    std::uint16_t first = table.claim();
    std::uint16_t second = 0;
    std::uint16_t third = 0;
    bool has_released = false;
    stepwise release{[this] { has_released = do_release(); }};
};

/// What a reader finds that takes so many steps before each event.
account_state read_between(const std::array<std::size_t, scene::event_count>& steps) {
    scene it;
    it.reserve(it.first);
    account_state seen{};
    stepwise reader{[&] { seen = it.table.read(it.one); }};
    for (std::size_t event = 0; event != steps.size(); ++event) {
        for (std::size_t i = 0; i != steps[event]; ++i)
            reader.step();
        it.happen(event);
    }
    reader.finish();
    REQUIRE(it.third == it.first);
    REQUIRE_FALSE(it.has_released);
    return seen;
}

}  // namespace

TEST_CASE("read: takes no posting for one that happened because its transaction is published",
          "[core]") {
    constexpr std::size_t most_steps = 3;
    std::size_t wrong = 0;
    std::array<std::size_t, scene::event_count> steps{};
    for (bool is_last = false; !is_last;) {
        if (read_between(steps) != state_of(100, 3))
            ++wrong;
        std::size_t at = 0;
        while (at != steps.size() && steps[at] == most_steps)
            steps[at++] = 0;
        is_last = at == steps.size();
        if (!is_last)
            ++steps[at];
    }
    using coffer::detail::bug;
    const bool is_right = coffer::detail::planted != bug::committed_before_reserved;
    REQUIRE((wrong == 0) == is_right);
}
