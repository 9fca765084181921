// Which accounts a start opens.
#pragma once

#include <filesystem>
#include <memory>

#include "engine/engine.hpp"

namespace coffer {

/// An engine with the accounts of a JSON file, a snapshot or one written by hand, in a table sized
/// for them. Throws snapshot::accounts_error, which names the file and the line, and
/// std::bad_alloc.
[[nodiscard]] std::unique_ptr<engine> open_from_file(const std::filesystem::path& file);

/// An engine with the sample accounts: 10001 .. 10009 with 1000.0 .. 9000.0, 100000 with 10000.0.
[[nodiscard]] std::unique_ptr<engine> open_sample();

/// An engine with no accounts.
[[nodiscard]] std::unique_ptr<engine> open_empty();

}  // namespace coffer
