// Reads a journal of files, batch by batch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/batch_log.hpp"
#include "journal/segment_reader.hpp"
#include "journal/storage.hpp"

namespace coffer::journal {

/// Something at the end of the last segment that was never durable. FORMAT.md says how it is told
/// from damage.
struct torn_tail {
    std::string file;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

/// Changes nothing. May be used beside a server that appends: then a batch that is just being
/// written may look torn or damaged; to call next again after a moment tells. Thread safety: none.
class reader : public batch_cursor {
public:
    /// Reads on from the batch that has `from_record` in it. `where` must outlive this. Throws
    /// journal_error if there are segments, but none that has this record or an earlier one.
    explicit reader(const storage& where, std::uint64_t from_record = 1);

    [[nodiscard]] std::optional<batch_view> next() override;
    [[nodiscard]] std::string where() const override;

    /// The place behind the batch that next returned last.
    [[nodiscard]] const batch_position& position() const noexcept { return position_; }

    /// The stamp of the last batch there is up to this place. Where that is in a segment before the
    /// one that reading began in, its times alone are known.
    [[nodiscard]] const batch_stamp& stamp() const noexcept { return stamp_; }

    /// What was found in the place of a next batch. For after next has returned nothing.
    [[nodiscard]] const std::optional<torn_tail>& torn() const noexcept { return torn_; }

    /// Whether there is any segment.
    [[nodiscard]] bool has_segments() const noexcept { return segment_ != nullptr; }

    /// The segment that the last batch is in, and the place in it where the next would be. Only if
    /// there is any.
    [[nodiscard]] const segment_header& segment() const { return segment_->header(); }
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    /// The bytes of the last batch in this segment; 0 if there is none.
    [[nodiscard]] std::uint64_t last_bytes() const noexcept { return last_bytes_; }

private:
    void list();
    [[nodiscard]] bool is_last() const noexcept { return index_ + 1 == segments_.size(); }
    void enter(std::size_t index, std::unique_ptr<segment_reader> opened);
    void enter_next();
    /// One batch, whether it was asked for or not.
    [[nodiscard]] std::optional<batch_view> step();

    const storage& storage_;
    const std::uint64_t from_record_;
    std::vector<std::uint64_t> segments_;
    std::size_t index_ = 0;
    std::unique_ptr<segment_reader> segment_;
    batch_position position_;
    batch_stamp stamp_;
    std::uint64_t offset_ = 0;
    std::uint64_t last_bytes_ = 0;
    std::optional<torn_tail> torn_;
};

}  // namespace coffer::journal
