// The identity of a replicated ledger: its id in the store, and entry 0 of its log. They are
// created together, by the node that comes first.
//
// Thread safety  every function may be called from any thread.
#pragma once

#include <optional>
#include <string_view>

#include "journal/batch.hpp"
#include "ops/ledger_id.hpp"
#include "replication/key_value_store.hpp"
#include "replication/log_keys.hpp"

namespace coffer::replication {

/// The position before the first batch of a ledger's journal.
[[nodiscard]] journal::batch_position first_position(const ledger_id& ledger) noexcept;

/// Returns the ledger's id as the store has it now; no value if it has none. Throws
/// log_contradiction if there is something else in its place.
[[nodiscard]] answer<std::optional<ledger_id>> find_ledger(key_value_store& store,
                                                           const log_keys& keys,
                                                           key_value_store::timeout within);

/// Begins the log for the ledger `proposed`, unless another node has done so. Returns the ledger's
/// id: `proposed`, or the id that the other node has written. May be called again after any error.
/// Only for a node whose directory is empty: one that has a ledger must not begin a log. Throws
/// log_contradiction if the store has a log without an id.
[[nodiscard]] answer<ledger_id> begin_log(key_value_store& store, const log_keys& keys,
                                          const ledger_id& proposed, std::string_view node,
                                          key_value_store::timeout within);

}  // namespace coffer::replication
