// Reads a journal of files as a batch_source: the segments in one directory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "journal/batch_log.hpp"
#include "journal/storage.hpp"

namespace coffer::journal {

/// Changes nothing, and holds nothing open. Thread safety: all members may be called from any
/// thread at once.
class file_source final : public batch_source {
public:
    /// `where` must outlive this.
    explicit file_source(const storage& where) noexcept : storage_{where} {}

    /// That of the newest segment, the only one looked at.
    [[nodiscard]] ledger_id ledger() const override;
    [[nodiscard]] std::string name() const override { return storage_.path(""); }
    [[nodiscard]] std::uint64_t first_record() const override;
    /// The beginning of a segment: reads some segments' headers alone.
    [[nodiscard]] std::uint64_t first_record_as_of(std::uint64_t running_ns) const override;
    /// That of the last batch before the newest segment.
    [[nodiscard]] std::uint64_t running_ns_reached() const override;
    [[nodiscard]] std::uint64_t bytes_from(std::uint64_t record) const override;
    [[nodiscard]] std::unique_ptr<batch_cursor> read_from(std::uint64_t record) const override;

private:
    [[nodiscard]] std::vector<std::uint64_t> segments() const;

    const storage& storage_;
};

}  // namespace coffer::journal
