// Recovers the ledger of an earlier life: the newest whole snapshot, the journal's records since,
// and the idempotency keys that are still alive.
//
// Guarantees     The ledger is as the journal has it, to its last record, or there is none. Nothing
//                in the journal or among the snapshots is changed.
// Thread safety  None: for one thread, while no server writes to the journal.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <coffer/ledger.hpp>

#include "engine/key_store.hpp"
#include "journal/batch_log.hpp"
#include "journal/record.hpp"
#include "journal/replay.hpp"
#include "ops/ledger_id.hpp"

namespace coffer {

/// A ledger as a snapshot has it.
struct restored_snapshot {
    std::unique_ptr<coffer::ledger> ledger;  ///< without accounts if no snapshot is whole
    std::filesystem::path file;              ///< empty then
    std::uint64_t after_record = 0;          ///< every record up to this one is in the ledger
    std::uint64_t until_record = 0;          ///< no record after this one is
    std::uint64_t keys_from = 1;             ///< no key that was alive then has an earlier record
    std::vector<hold> holds{};               ///< not in the ledger yet
};

/// Restores the first of `newest_first` that passes its check, and whose accounts and holds are
/// consistent with each other and with the counts and totals that it states. Logs those before it.
/// Throws snapshot::snapshot_error if the first that passes its check is of another ledger than
/// `journal_id`; stopping::stopped; std::bad_alloc.
[[nodiscard]] restored_snapshot restore_newest(std::span<const std::filesystem::path> newest_first,
                                               const ledger_id& journal_id);

/// Puts the outcomes of requests that had keys into a key store, from the journal's records.
///
/// A batch is written when the one before it is durable, so an outcome was durable by the running
/// time of the next batch: there the key's life begins. So after a restart a key may live a little
/// longer than it would have without one, and never less. Keys that have expired by the latest time
/// that the store was advanced to are left out. Thread safety: none.
class key_recovery {
public:
    /// `into` must outlive it.
    explicit key_recovery(key_store& into) noexcept : store_{into} {}

    /// Takes a record of a batch with this stamp. Records come in the journal's order. Throws
    /// std::bad_alloc; std::length_error for keys of more names than key_owners can number.
    void add(const journal::record& one, const journal::batch_stamp& of, std::uint64_t number = 0);

    /// The first record whose key was taken and is not in the store yet: the largest number if
    /// there is none.
    [[nodiscard]] std::uint64_t waits_from() const noexcept {
        return batch_.empty() ? UINT64_MAX : batch_.front().number;
    }

    /// Puts in the keys of the last batch that has records. `journal_end_ns` is the running time
    /// of the journal's last batch, which may have none: the next life begins there. Throws
    /// std::bad_alloc.
    void finish(std::uint64_t journal_end_ns) { restore_batch(journal_end_ns); }

private:
    struct recovered_key {
        std::size_t text_at;  // in texts_, and behind the text the actor's name
        std::uint8_t text_bytes;
        std::uint8_t actor_bytes;
        journal::request_fingerprint fingerprint;
        kept_outcome outcome;      // but for its record
        std::size_t record_at;     // in records_
        std::size_t record_bytes;  // 0: the outcome has none
        std::uint64_t number;      // of its record in the journal
    };
    [[nodiscard]] key_owners::number owner_of(std::string_view actor);
    void collect(std::string_view text, const journal::record& one, std::uint64_t number);
    void collect_by_todays_syntax(const journal::record& one, std::uint64_t number);
    void restore_batch(std::uint64_t durable_ns);

    key_store& store_;
    std::uint64_t batch_ns_ = 0;  // the running time of the batch that was collected
    std::string texts_;
    std::vector<std::byte> records_;
    std::vector<recovered_key> batch_;
};

struct recovered {
    std::unique_ptr<coffer::ledger> ledger;
    ledger_id journal_id{};
    std::string from;                  ///< for people: "from DIR/snapshots/3.json and 20 records"
    std::uint64_t records = 0;         ///< of the journal that were read
    std::uint64_t skipped = 0;         ///< of these, postings that the snapshot had already
    std::uint64_t last_record = 0;     ///< the number of the journal's last
    std::uint64_t keys_from = 1;       ///< no key that is alive has an earlier record
    journal::batch_position end;       ///< of the journal
    journal::batch_stamp journal_end;  ///< of the journal's last batch
    /// Every record up to this one is in the newest snapshot; nothing if there is none, or it was
    /// passed over.
    std::optional<std::uint64_t> covered_record{};
};

/// Restores the newest whole snapshot in the directory `snapshots`, and replays the journal on top
/// of it. Reads the keys of the last `key_ttl` of running time too, except those that were dead
/// when the snapshot was taken. `keys`, which may be empty, is called with every record read, in
/// order, and its batch's stamp: older records, and some that are in the snapshot, are among them.
///
/// Logs its progress, a line a second; each snapshot that was passed over; and an unfinished batch
/// at the journal's end.
///
/// Throws journal::journal_error, naming the place, if there is no journal, or it is damaged,
/// contradicts the snapshot, or ends before what the snapshot covers; snapshot::snapshot_error for
/// a snapshot of another ledger; stopping::stopped if that is requested meanwhile; std::bad_alloc.
[[nodiscard]] recovered recover(const journal::batch_source& journal,
                                const std::filesystem::path& snapshots,
                                std::chrono::nanoseconds key_ttl, journal::replayer::visitor keys);

}  // namespace coffer
