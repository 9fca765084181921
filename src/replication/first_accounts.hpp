// Opens the accounts of a replicated ledger's first start: by the log's first leader alone.
//
// Thread safety: none.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"
#include "journal/batch.hpp"
#include "replication/replicated_log.hpp"

namespace coffer::replication {

/// Opens those that the ledger does not have yet, and appends their openings to the log, of which
/// the last batch has the stamp `last`. All batches but the last are marked, so that another leader
/// goes on where this one came to. The ledger has none that the log has not; `into` is a standby
/// whose standby has ended, so until it leads no snapshot has any of them. Returns the stamp of the
/// last batch. Waits for the log as long as `goes_on` returns true.
///
/// Throws snapshot::accounts_error for a file of accounts; journal_error if the log fails, or is
/// waited for no more; std::bad_alloc.
journal::batch_stamp open_first_accounts(replicated_log& log, engine& into,
                                         const initial_accounts& accounts,
                                         const journal::batch_stamp& last,
                                         const std::function<bool()>& goes_on);

}  // namespace coffer::replication
