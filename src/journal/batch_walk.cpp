#include "journal/batch_walk.hpp"

#include <algorithm>

#include "journal/interruption.hpp"
#include "journal/journal_error.hpp"
#include "journal/segment_reader.hpp"

namespace coffer::journal {
namespace {

constexpr std::size_t ahead_bytes = std::size_t{64} << 10;

}  // namespace

batch_walk::batch_walk(const storage& where, std::uint64_t first_record)
    : path_{where.path(segment_name(first_record))},
      header_{segment_reader{where, first_record}.header()},
      position_{header_.before} {
    auto opened = where.open(segment_name(first_record), storage::access::read);
    if (opened.error)
        throw journal_error{path_, "cannot be opened: " + opened.error.message()};
    file_ = std::move(opened.file);
}

std::optional<batch_walk::placed_batch> batch_walk::next(std::uint64_t end_record) {
    interruption::check();
    std::optional<batch_view> found = look();
    if (!found) {
        window_bytes_ = 0;  // it was read before the batch was written, perhaps
        found = look();
    }
    if (!found || found->after().next_record > end_record)
        return std::nullopt;
    const std::uint64_t at = offset_;
    offset_ += found->bytes.size();
    position_ = found->after();
    return placed_batch{*found, at};
}

std::optional<batch_view> batch_walk::look() {
    const auto start = view(format::batch::header_bytes_1);
    if (start.size() < format::batch::header_bytes_1)
        return std::nullopt;
    const checked_header header = check_header(start);
    if (header.error != batch_error::none)
        return std::nullopt;
    const checked_batch one = check_batch(view(header.value.bytes));
    if (one.error != batch_error::none ||
        check_follows(one.value.header, position_) != batch_error::none)
        return std::nullopt;
    return one.value;
}

/// The bytes from offset_ on, as many as the segment has.
std::span<const std::byte> batch_walk::view(std::size_t bytes) {
    bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, header_.bytes - offset_));
    if (offset_ < window_at_ || offset_ + bytes > window_at_ + window_bytes_) {
        const auto wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(std::max(bytes, ahead_bytes), header_.bytes - offset_));
        window_.resize(std::max(window_.size(), wanted));
        window_bytes_ = 0;
        const auto read = file_->read(offset_, std::span{window_}.first(wanted));
        if (read.error)
            throw journal_error{path_, offset_, "cannot be read: " + read.error.message()};
        window_at_ = offset_;
        window_bytes_ = read.bytes;
        bytes = std::min(bytes, read.bytes);
    }
    return std::span<const std::byte>{window_}.subspan(
        static_cast<std::size_t>(offset_ - window_at_), bytes);
}

}  // namespace coffer::journal
