// Audits a data directory: checks all that can be checked, and reports each fault with its place.
#pragma once

#include "audit/data_files.hpp"
#include "audit/patient_reader.hpp"
#include "audit/report.hpp"

namespace coffer::audit {

/// Checks the checksum of every batch and of every snapshot; that the batches are a chain without
/// gaps; that the postings of each account are in sequence, with balances that match their amounts;
/// that each snapshot is a cut of this journal; that no idempotency key was posted twice within its
/// life; and that the sum of all balances is what was opened and deposited less what was withdrawn.
/// Continues behind a fault as far as possible.
///
/// A trimmed journal is checked from its first record on, with the accounts of the oldest snapshot
/// that reaches back to that record.
///
/// Only reads, and takes no lock: a server may be running on the directory, with all it does. Uses
/// memory for the accounts and for the keys that are alive. `wait` is called before a batch that
/// looks torn or damaged is read again.
///
/// Throws data_error if the directory cannot be listed, std::bad_alloc, stopping::stopped.
[[nodiscard]] report examine(const data_files& files,
                             patient_reader::pause wait = patient_reader::five_milliseconds);

}  // namespace coffer::audit
