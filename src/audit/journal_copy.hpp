// Writes batches that were read elsewhere into the segments of a new journal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "journal/batch.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment.hpp"

namespace coffer::audit {

/// Of the segments of a copy.
enum class segment_size : std::uint8_t {
    whole,  ///< as large as is asked for, with zeros: a server may continue it
    tight,  ///< no larger than the batches in it need
};

/// The batches must be given in the order of their chain, and are not checked. Nothing survives a
/// crash before `finish` returns. All members throw journal::journal_error. Thread safety: none.
class journal_copy {
public:
    /// Makes the directory.
    journal_copy(const std::filesystem::path& directory, segment_size size);

    /// Begins a segment with this header, unless it is the segment that is being written.
    void enter(const journal::segment_header& header);

    /// Appends a batch. Where the segment has no room for it, begins another of the same size.
    /// There must be a segment.
    void append(const journal::batch_view& one);

    /// The position after the last batch. There must be a segment.
    [[nodiscard]] const journal::batch_position& position() const noexcept { return position_; }

    /// Ends the journal. Returns once it survives a crash.
    void finish();

private:
    void write(std::span<const std::byte> bytes);
    void write_zeros(std::uint64_t until);
    void end_segment();
    void require(std::error_code error) const;

    journal::posix_storage to_;
    segment_size size_;
    std::optional<journal::segment_header> header_;  // of the segment that is being written
    std::unique_ptr<journal::storage_file> file_;
    std::string path_;
    std::uint64_t offset_ = 0;
    journal::batch_position position_;
};

}  // namespace coffer::audit
