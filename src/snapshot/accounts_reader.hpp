// Accounts from a JSON file, of the format that accounts_parser.hpp shows.
#pragma once

#include <cstddef>
#include <filesystem>

#include "snapshot/accounts_parser.hpp"

namespace coffer::snapshot {

/// Hands each account of `file` to `sink`, in the order of the file, as soon as it is read. The
/// file is read once and forward, so a pipe will do. Throws accounts_error at the first fault, one
/// found by the sink included, and what the sink throws; accounts before it were handed on.
void read_accounts(const std::filesystem::path& file, const account_sink& sink);

/// About how many accounts `file` has, to make room for them: the keys "account_number" in it. 0
/// where there is no telling without reading it up: it is a pipe, or cannot be read at all.
[[nodiscard]] std::size_t count_accounts(const std::filesystem::path& file);

}  // namespace coffer::snapshot
