// Reads an increment of a backup, and writes what distinguishes it from a ledger.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "audit/data_files.hpp"
#include "audit/patient_reader.hpp"
#include "journal/batch.hpp"
#include "journal/posix_storage.hpp"
#include "ops/ledger_id.hpp"

namespace coffer::audit {

/// Which part of a ledger's history an increment has.
struct history_part {
    ledger_id ledger{};
    journal::batch_position begin;  ///< where the backup before it ends
    journal::batch_position end;
};

/// Writes the file that marks the journal as an increment and has where it begins and ends. Returns
/// once it survives a crash. Throws journal::journal_error. Thread safety: any thread.
void mark_as_increment(const std::filesystem::path& journal, const history_part& what);

/// Reads the batches of an increment in order, and checks that there are as many as it was made
/// with. Thread safety: none.
class increment_reader {
public:
    /// Throws data_error, journal::journal_error.
    increment_reader(const data_files& increment, const patient_reader::pause& wait);

    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
    [[nodiscard]] const ledger_id& ledger() const noexcept { return part_.ledger; }
    /// The position after the last batch that was returned; at first, where it begins.
    [[nodiscard]] const journal::batch_position& position() const noexcept {
        return reader_.position();
    }
    /// The first record of the segment that the last batch is in.
    [[nodiscard]] const journal::segment_header& segment() const { return reader_.segment(); }

    /// Returns the next batch, valid until the next call; nothing at the end, if the increment is
    /// whole. Throws data_error if it is not, journal::journal_error, stopping::stopped.
    [[nodiscard]] std::optional<journal::batch_view> next();

private:
    const std::filesystem::path directory_;
    const journal::posix_storage storage_;
    patient_reader reader_;
    history_part part_;
};

}  // namespace coffer::audit
