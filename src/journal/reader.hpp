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

/// An unfinished batch at the end of the last segment, which was never durable. FORMAT.md says how
/// it is distinguished from damage.
struct torn_tail {
    std::string file;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

/// Changes nothing. May be used while a server appends: then a batch that is just being written may
/// look torn or damaged, and calling next again after a moment settles it. Thread safety: none.
class reader : public batch_cursor {
public:
    /// Reads from the batch that has `from_record` in it. `where` must outlive this. Throws
    /// journal_error if there are segments, but none that has this record or an earlier one.
    explicit reader(const storage& where, std::uint64_t from_record = 1);

    [[nodiscard]] std::optional<batch_view> next() override;
    [[nodiscard]] std::string where() const override;
    [[nodiscard]] const batch_position& position() const noexcept override { return position_; }
    [[nodiscard]] const batch_stamp& stamp() const noexcept override { return stamp_; }
    [[nodiscard]] std::uint64_t bytes_passed() const override { return bytes_left_ + offset_; }
    [[nodiscard]] std::string unfinished() const override;

    /// The unfinished batch that was found at the end. For after next has returned nothing.
    [[nodiscard]] const std::optional<torn_tail>& torn() const noexcept { return torn_; }

    /// Whether there is any segment.
    [[nodiscard]] bool has_segments() const noexcept { return segment_ != nullptr; }

    /// The segment that the last batch is in, and the offset in it where the next batch would be.
    /// Only if there is a segment.
    [[nodiscard]] const segment_header& segment() const { return segment_->header(); }
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    /// The size of the last batch in this segment; 0 if there is none.
    [[nodiscard]] std::uint64_t last_bytes() const noexcept { return last_bytes_; }

private:
    void list();
    [[nodiscard]] bool is_last() const noexcept { return index_ + 1 == segments_.size(); }
    void enter(std::size_t index, std::unique_ptr<segment_reader> opened);
    void enter_next();
    /// The next batch, also if it lies before from_record_.
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
    std::uint64_t bytes_left_ = 0;  // the sizes of the segments that it has left behind
    std::optional<torn_tail> torn_;
};

}  // namespace coffer::journal
