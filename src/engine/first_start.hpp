// The first start of a ledger: creates its journal, with a record for each account that it opens.
//
// The journal is there whole, or not at all: after a crash the next start is a first one again.
#pragma once

#include <chrono>
#include <filesystem>

#include "engine/initial_accounts.hpp"
#include "journal/log_store.hpp"

namespace coffer {

/// Throws std::runtime_error, naming the directory of the ledger, if its directory of snapshots has
/// any: without a journal they are what is left of a ledger.
void require_no_snapshots(const std::filesystem::path& snapshots);

/// Creates a journal in a store that has none. Each account is opened with its balance, and that is
/// its first posting, whatever sequence a file lists. `snapshots` is the directory that the
/// ledger's snapshots will be in. A log that does not tell what became of a batch is asked again
/// until `answer_timeout` has passed.
///
/// Throws std::runtime_error, naming the directory, if there are snapshots: then their journal is
/// lost, or they are of a version that kept none; snapshot::accounts_error for a file of accounts;
/// journal::journal_error if the log is full, fails or does not answer; stopping::stopped;
/// std::bad_alloc.
void begin_journal(journal::log_store& store, const std::filesystem::path& snapshots,
                   const initial_accounts& accounts,
                   std::chrono::milliseconds answer_timeout = std::chrono::seconds{30});

}  // namespace coffer
