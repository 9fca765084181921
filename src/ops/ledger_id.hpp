// The identity of a ledger: a journal and its snapshots carry the same one.
#pragma once

#include <array>
#include <cstddef>

namespace coffer {

/// 128 random bits, chosen when the ledger's journal is made.
using ledger_id = std::array<std::byte, 16>;

}  // namespace coffer
