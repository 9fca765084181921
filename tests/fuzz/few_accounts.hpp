// Books so small that a fuzz target can afford new ones for every conversation.
#pragma once

#include <array>
#include <coffer/ledger.hpp>
#include <cstdint>
#include <limits>
#include <memory>

namespace coffer::fuzz {

/// One that is like most, one with nothing, and one with the greatest number and balance.
inline constexpr std::array<posting, 3> few_accounts{
    posting{10001, 1, money::from_minor(1000'00)}, posting{7, 1, money::from_minor(0)},
    posting{std::numeric_limits<account_number>::max(), 1,
            money::from_minor(std::numeric_limits<std::int64_t>::max())}};

/// A ledger with these and no others.
[[nodiscard]] inline std::unique_ptr<ledger> open_few_accounts() {
    auto made = std::make_unique<ledger>(ledger::options{.shards = 1, .expected_accounts = 1});
    for (const posting& one : few_accounts)
        static_cast<void>(made->open(one.account, one.balance));
    return made;
}

}  // namespace coffer::fuzz
