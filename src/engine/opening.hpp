// Which accounts a start opens.
#pragma once

#include <filesystem>
#include <memory>

#include <coffer/ledger.hpp>

namespace coffer {

/// A ledger with the accounts of a JSON file, a snapshot or one written by hand, in a table sized
/// for them. Throws snapshot::accounts_error, which names the file and the line, and
/// std::bad_alloc.
[[nodiscard]] std::unique_ptr<ledger> open_from_file(const std::filesystem::path& file);

/// A ledger with the sample accounts: 10001 .. 10009 with 1000.0 .. 9000.0, 100000 with 10000.0.
[[nodiscard]] std::unique_ptr<ledger> open_sample();

/// A ledger with no accounts.
[[nodiscard]] std::unique_ptr<ledger> open_empty();

}  // namespace coffer
