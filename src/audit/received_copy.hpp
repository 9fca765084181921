// Makes a data directory of a snapshot and the batches of a journal that another machine sends. It
// is audited before it gets its name: see data_copy.hpp.
//
//     received_copy copy{destination, leftover::refuse};
//     ... write copy.snapshot(12); snapshot_info has = copy.publish(12);
//     copy.begin(has.ledger, before); copy.append(batch) ...; copy.finish();
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "audit/data_copy.hpp"
#include "audit/journal_copy.hpp"
#include "audit/partial_directory.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {

class received_copy {
public:
    /// Throws as partial_directory does.
    received_copy(const std::filesystem::path& destination, leftover found);

    /// Where the copy is until it is finished: for what else belongs to it.
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return to_.path(); }

    /// The file into which the snapshot of this number is to be written, and synced.
    [[nodiscard]] std::filesystem::path snapshot(std::uint64_t number) const {
        return snapshots_.temporary(number);
    }
    /// Checks it, gives it its name, and removes those before it. Throws snapshot_error if it is
    /// damaged.
    [[nodiscard]] snapshot::snapshot_info publish(std::uint64_t number);

    /// Begins the journal, whose first batch follows `before`.
    void begin(const ledger_id& ledger, const journal::batch_position& before,
               std::uint64_t segment_bytes);
    [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }
    /// Batches are not checked here. Throws journal_error.
    void append(const journal::batch_view& one) { journal_.append(one); }

    /// Audits the copy, and gives it its name. Throws data_error if it does not hold.
    [[nodiscard]] finished_copy finish();

private:
    partial_directory to_;
    snapshot::snapshot_directory snapshots_;
    journal_copy journal_;
    bool has_begun_ = false;
};

}  // namespace coffer::audit
