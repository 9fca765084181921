#include <coffer/detail/transaction_table.hpp>

#include <cstdint>
#include <set>

#include "catch.hpp"

using coffer::detail::transaction_record;
using coffer::detail::transaction_table;
using coffer::detail::transfer_legs;

namespace {

coffer::money cents(std::int64_t minor_units) {
    return coffer::money::from_minor(minor_units);
}

}  // namespace

TEST_CASE("settle: leaves an account that is not reserved any more, and pins nothing", "[core]") {
    transaction_table table;
    coffer::account one{};
    const coffer::account_state state{cents(7), 3, 0, 1};
    coffer::account_state reserved = state;
    reserved.transfer = 5;
    REQUIRE(one.replace({}, state));
    table.settle(one, reserved);
    REQUIRE(one.load() == state);
    // Each of the records can be had still, the pinned one too.
    for (int i = 0; i != coffer::account::max_transfer; ++i)
        static_cast<void>(table.claim());
}

TEST_CASE("transaction_record: is not given out while it is pinned, or another's", "[core]") {
    using phase = transaction_record::phase;
    transaction_record record;
    record.pin();
    REQUIRE_FALSE(record.claim());
    record.unpin();
    REQUIRE(record.claim());
    REQUIRE_FALSE(record.claim());
    record.publish(transfer_legs{});
    REQUIRE_FALSE(record.claim());
    REQUIRE(record.decide(phase::committed) == phase::committed);
    REQUIRE_FALSE(record.claim());
    record.release();
    REQUIRE(record.claim());
}

TEST_CASE("transaction_record: no status comes back", "[core]") {
    using phase = transaction_record::phase;
    transaction_record record;
    std::set<std::uint64_t> seen{record.status()};
    const auto require_new = [&] { REQUIRE(seen.insert(record.status()).second); };
    for (int i = 0; i != 3; ++i) {
        REQUIRE(record.claim());
        require_new();
        record.publish(transfer_legs{});
        require_new();
        REQUIRE(record.decide(phase::committed) == phase::committed);
        require_new();
        record.release();
        require_new();
    }
}

TEST_CASE("transaction_record: is decided once", "[core]") {
    using phase = transaction_record::phase;
    transaction_record record;
    REQUIRE(record.claim());
    record.publish(transfer_legs{});
    REQUIRE(record.decide(phase::aborted) == phase::aborted);
    REQUIRE(record.decide(phase::committed) == phase::aborted);
    REQUIRE(transaction_record::phase_of(record.status()) == phase::aborted);
}
