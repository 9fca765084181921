// The extents of a segment: consecutive batches that an index entry points to.
//
// An extent ends with the batch with which it has least_bytes. So entries are few where batches are
// small, and the extents of a segment follow from its batches alone: an index that is made again is
// the same. A batch without records never begins an extent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "journal/batch.hpp"
#include "journal/history.hpp"
#include "journal/varint.hpp"

namespace coffer::journal {

/// Thread safety: as of a std::vector.
class extent_table {
public:
    static constexpr std::uint64_t least_bytes = std::uint64_t{16} << 10;

    /// Of the segment that begins at `before`, without a batch yet.
    explicit extent_table(const batch_position& before) noexcept;

    /// Adds the next batch, which is at `offset`. Its extent is the last one.
    void add(const batch_header& one, std::uint64_t offset);

    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(places_.size());
    }
    [[nodiscard]] extent operator[](std::uint32_t index) const noexcept;
    [[nodiscard]] std::uint64_t end_record() const noexcept { return end_record_; }
    [[nodiscard]] std::uint64_t end_offset() const noexcept { return end_offset_; }

    /// The index of the extent that has this record; of the first for an earlier one, and size()
    /// for a later one.
    [[nodiscard]] std::uint32_t having(std::uint64_t record) const noexcept;
    /// How many begin before this time; at this time or before.
    [[nodiscard]] std::uint32_t begun_before(std::uint64_t time_ns) const noexcept;
    [[nodiscard]] std::uint32_t begun_by(std::uint64_t time_ns) const noexcept;

    void encode(std::vector<std::byte>& into) const;
    /// Reads `extents` of them. Nothing if a segment of this size that begins at `before` cannot
    /// have them.
    [[nodiscard]] static std::optional<extent_table> decode(varint_reader& from,
                                                            const batch_position& before,
                                                            std::uint64_t extents,
                                                            std::uint64_t segment_bytes);

private:
    struct place {
        std::uint64_t offset;
        std::uint64_t first_record;
        std::uint64_t first_time_ns;
    };

    batch_position before_;
    std::vector<place> places_;
    std::uint64_t end_record_;
    std::uint64_t end_offset_;
};

}  // namespace coffer::journal
