// Accounts that are opened one by one: the sample, and what is said of one that cannot be.
#pragma once

#include <array>
#include <optional>
#include <string>

#include <coffer/ledger.hpp>

namespace coffer {

/// The sample accounts: 10001 .. 10009 with 1000.0 .. 9000.0, 100000 with 10000.0.
[[nodiscard]] std::array<posting, 10> sample_accounts() noexcept;

/// Why an account that is listed could not be opened, for people; nothing if it was.
[[nodiscard]] std::optional<std::string> refusal_of(account_number listed, errc error);

}  // namespace coffer
