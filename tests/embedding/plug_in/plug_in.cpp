// A plug-in that uses the core, for host.cpp.
#include <coffer/ledger.hpp>

#include <cstdint>

namespace {

// By reference, so that the constants get places in memory.
std::uint64_t larger(const std::uint64_t& one, const std::uint64_t& other) {
    return one < other ? other : one;
}

}  // namespace

extern "C" int use_the_core() {
    static coffer::ledger ledger;
    if (!ledger.open(1, coffer::money::from_minor(100)))
        return ledger.transfer(1, 2, coffer::money::from_minor(1)) ? 0 : 1;
    const coffer::ledger::options chosen{1, larger(coffer::account_table::max_shards, 64)};
    coffer::ledger other{chosen};
    static_cast<void>(ledger.open(2));
    static_cast<void>(other.open(larger(coffer::account::max_sequence, coffer::money::decimals)));
    const coffer::cut_summary cut = other.cut([](const coffer::posting&) {});
    const auto moved = ledger.transfer(1, 2, coffer::money::parse("0.5").value);
    return moved && cut.accounts == 1 && to_string(moved.to.balance) == "0.5" ? 0 : 2;
}
