// Reads one segment, and distinguishes batches, a torn tail and damage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "journal/batch.hpp"
#include "journal/segment.hpp"
#include "journal/storage.hpp"

namespace coffer::journal {

/// Holds at most a batch and 256 KiB in memory. Thread safety: none.
class segment_reader {
public:
    /// Opens the segment that begins with this record, and reads and checks its header alone.
    /// Throws journal_error.
    segment_reader(const storage& where, std::uint64_t first_record);

    [[nodiscard]] const segment_header& header() const noexcept { return header_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    enum class found : std::uint8_t {
        batch,
        nothing,  ///< zeros up to the end
        torn,     ///< a batch that was never durable, and nothing after it
    };
    struct finding {
        found what;
        batch_view batch;              ///< good until the next call
        std::uint64_t torn_bytes = 0;  ///< up to the last that is not zero
    };

    /// Reads the batch at `offset`, if there is one that follows `before`. Throws journal_error for
    /// everything that FORMAT.md calls corruption; in a segment that is not the last, so is torn.
    [[nodiscard]] finding look(std::uint64_t offset, const batch_position& before, bool is_last);

private:
    [[nodiscard]] std::span<const std::byte> view(std::uint64_t offset, std::size_t bytes);
    void load(std::uint64_t offset, std::size_t bytes);
    [[nodiscard]] checked_batch batch_at(std::uint64_t offset);
    [[nodiscard]] bool zero_sector_in(std::uint64_t offset, std::size_t bytes);
    [[nodiscard]] bool valid_batch_after(std::uint64_t offset, std::uint64_t next_record);
    [[nodiscard]] std::uint64_t end_of_content(std::uint64_t offset);
    [[nodiscard]] finding damaged(std::uint64_t offset, const batch_position& before,
                                  const checked_batch& refused, bool is_last);
    [[noreturn]] void refuse(std::uint64_t offset, const std::string& reason) const;

    std::string path_;
    std::unique_ptr<storage_file> file_;
    segment_header header_;
    std::vector<std::byte> window_;  // what was read from the file last
    std::uint64_t window_at_ = 0;
    std::size_t window_bytes_ = 0;
};

/// Finds the last segment such that all batches before it are older than `time`, by the time that
/// `which` names; the first segment if there is none. So every batch of that time or later is in
/// the segment returned, or after it. `segments` are the first records of all segments, in order;
/// at least one. Reads few headers, since times never go back. Throws journal_error.
[[nodiscard]] std::uint64_t segment_before(const storage& where,
                                           std::span<const std::uint64_t> segments,
                                           std::uint64_t batch_position::*which,
                                           std::uint64_t time);

}  // namespace coffer::journal
