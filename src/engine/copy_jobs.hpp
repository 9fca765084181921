// What the history reader's threads read for those that copy the files of a ledger: a snapshot, or
// the journal, piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/history_reader.hpp"
#include "journal/batch_log.hpp"
#include "ops/file_descriptor.hpp"

namespace coffer {

/// One piece of a file each time it is asked, in order.
class copy_job : public history_job {
public:
    [[nodiscard]] std::string take_piece() noexcept { return std::exchange(piece_, {}); }
    [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }
    /// There is no such file.
    [[nodiscard]] bool is_unknown() const noexcept { return is_unknown_; }

protected:
    /// A piece has some more if its last batch goes beyond this.
    static constexpr std::size_t piece_bytes = std::size_t{256} << 10;

    std::string piece_;
    bool is_complete_ = false;
    bool is_unknown_ = false;
};

/// The batches that have records after the given one, as they are in the log, up to the last that
/// was durable when it was asked first. Batches without records that lie near its beginning may
/// come first.
class journal_copying final : public copy_job {
public:
    /// `from` must outlive it.
    journal_copying(const journal::batch_source& from, std::uint64_t after) noexcept
        : log_{from}, next_{after + 1} {}

private:
    void read(journal::history& past) override;
    void open(const journal::history& past);

    const journal::batch_source& log_;
    std::uint64_t next_;  // the record that comes next
    std::optional<std::uint64_t> last_;
    std::unique_ptr<journal::batch_cursor> cursor_;
};

/// The bytes of a snapshot, which it keeps open: it may be removed meanwhile.
class snapshot_copying final : public copy_job {
public:
    snapshot_copying(std::filesystem::path folder, std::string name)
        : folder_{std::move(folder)}, name_{std::move(name)} {}

private:
    void read(journal::history& past) override;

    const std::filesystem::path folder_;
    const std::string name_;
    file_descriptor file_;
};

}  // namespace coffer
