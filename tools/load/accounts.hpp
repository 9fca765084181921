// Parses the list of accounts of a run, and writes them as a file for the server.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string_view>
#include <vector>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

namespace coffer::load {

inline constexpr std::string_view sample_accounts = "10001-10009,100000";
inline constexpr std::uint64_t most_accounts = 10'000'000;

/// Reads "10001-10009,100000", ranges and numbers in the order of their popularity, or a count
/// alone: "1000" for 1-1000. Nothing if it is neither, has an account twice, or more than
/// `most_accounts`.
[[nodiscard]] std::optional<std::vector<account_number>> parse_accounts(std::string_view text);

/// Writes them as a file for `coffer serve --accounts`, each with `opening`.
void write_accounts(std::ostream& to, const std::vector<account_number>&, money opening);

}  // namespace coffer::load
