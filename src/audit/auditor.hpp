// Proves a data directory right, or says what is wrong with it and where.
#pragma once

#include "audit/data_files.hpp"
#include "audit/patient_reader.hpp"
#include "audit/report.hpp"

namespace coffer::audit {

/// Checks all that can be: the checksum of every batch and of every snapshot; that the batches are
/// a chain, without a gap; that each account's postings follow each other, with the balances that
/// their amounts make; that each snapshot is a cut through this very journal; that all balances
/// together are what was opened and deposited, less what was withdrawn. Goes on behind a fault as
/// far as there is something to be found.
///
/// A journal that was trimmed is checked from where it begins, with the accounts of the oldest
/// snapshot that reaches back to there.
///
/// Reads only, and takes no lock: a server may be running on the files, append, take snapshots,
/// remove old ones and trim. Takes memory for the accounts and for the keys that live. `wait` is
/// called before what looks torn or damaged is looked at again.
///
/// Throws data_error if the directory cannot be listed, std::bad_alloc, stopping::stopped.
[[nodiscard]] report examine(const data_files& files,
                             patient_reader::pause wait = patient_reader::five_milliseconds);

}  // namespace coffer::audit
