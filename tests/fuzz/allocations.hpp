// Counts what a fuzz target allocates.
#pragma once

#include <cstddef>

namespace coffer::fuzz {

/// How often this thread has allocated so far.
[[nodiscard]] std::size_t allocations() noexcept;

}  // namespace coffer::fuzz
