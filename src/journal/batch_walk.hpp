// Goes through the batches of one segment to index them: checks the checksum of each and that it
// follows the one before, and does not decode its records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/batch.hpp"
#include "journal/segment.hpp"
#include "journal/storage.hpp"

namespace coffer::journal {

/// Thread safety: none. The segment may be appended to meanwhile.
class batch_walk {
public:
    static constexpr std::uint64_t no_end = std::numeric_limits<std::uint64_t>::max();

    /// Throws journal_error, here and below, for what cannot be read.
    batch_walk(const storage& where, std::uint64_t first_record);

    [[nodiscard]] const segment_header& header() const noexcept { return header_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    struct placed_batch {
        batch_view value;  ///< valid until the next call
        std::uint64_t offset;
    };
    /// The next batch. Nothing if no whole batch follows there, now, or if one does that has a
    /// record of `end_record` or later: the walk stays before it then.
    [[nodiscard]] std::optional<placed_batch> next(std::uint64_t end_record = no_end);

    /// The position after the last batch that next has returned.
    [[nodiscard]] const batch_position& position() const noexcept { return position_; }
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

private:
    [[nodiscard]] std::optional<batch_view> look();
    [[nodiscard]] std::span<const std::byte> view(std::size_t bytes);

    std::string path_;
    segment_header header_;
    std::unique_ptr<storage_file> file_;
    batch_position position_;
    std::uint64_t offset_ = format::segment::batches_at;
    std::vector<std::byte> window_;  // what was read last
    std::uint64_t window_at_ = 0;
    std::size_t window_bytes_ = 0;
};

}  // namespace coffer::journal
