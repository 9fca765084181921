// Brings back the ledger that a data directory has: the newest snapshot that is whole, and on top
// of it what the journal has had since.
//
// Guarantees     the ledger is what the journal says, to the last record, or there is none. Nothing
//                in the data directory is changed.
// Thread safety  for one thread, while no server runs on the directory.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <coffer/ledger.hpp>

#include "engine/data_directory.hpp"
#include "journal/replay.hpp"
#include "journal/segment.hpp"

namespace coffer {

struct recovered {
    std::unique_ptr<coffer::ledger> ledger;
    ledger_id journal_id{};            ///< what the journal calls the ledger
    std::string from;                  ///< for people: "from DIR/snapshots/3.json and 20 records"
    std::uint64_t records = 0;         ///< of the journal that were read
    std::uint64_t skipped = 0;         ///< of these, what the snapshot had already
    std::uint64_t last_record = 0;     ///< the number of the journal's last
    std::uint64_t keys_from = 1;       ///< no key that is remembered still has an earlier record
    journal::batch_stamp journal_end;  ///< of the journal's last batch
    /// Every record up to this one is in the newest snapshot; nothing: that was passed over, or
    /// there is none.
    std::optional<std::uint64_t> covered_record{};
};

/// Reads the newest snapshot that passes its check, and the journal from where that snapshot needs
/// it, and the keys that are of the last `key_ttl` of running time, those left out that were no
/// longer remembered when the snapshot was taken. `keys`, which may be empty, is called with every
/// record read, in their order, and its batch's stamp: older ones, and some that are in the
/// snapshot, among them.
///
/// Logs what it does, a line a second; a snapshot that was passed over; and what the last crash
/// left half written, which it leaves to journal::file_log::open to cut off.
///
/// Throws journal::journal_error, which names the file and the offset, for a journal that is not
/// there, is damaged, contradicts the snapshot, is of another ledger, or ends before what the
/// snapshot covers; snapshot::snapshot_error for a snapshot of another ledger; stopping::stopped if
/// that is requested meanwhile; std::bad_alloc.
[[nodiscard]] recovered recover(const data_directory& where, std::chrono::nanoseconds key_ttl,
                                journal::replayer::visitor keys);

}  // namespace coffer
