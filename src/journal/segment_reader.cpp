#include "journal/segment_reader.hpp"

#include <algorithm>

#include "journal/journal_error.hpp"
#include "journal/little_endian.hpp"

namespace coffer::journal {

namespace at = format::batch;

namespace {

constexpr std::size_t ahead_bytes = std::size_t{256} << 10;

}  // namespace

segment_reader::segment_reader(const storage& where, std::uint64_t first_record)
    : path_{where.path(segment_name(first_record))} {
    auto opened = where.open(segment_name(first_record), storage::access::read);
    if (opened.error)
        throw journal_error{path_, "cannot be opened: " + opened.error.message()};
    file_ = std::move(opened.file);
    const auto size = file_->size();
    if (size.error)
        throw journal_error{path_, "cannot be read: " + size.error.message()};
    header_.bytes = size.bytes;  // as far as is known: view reads no further
    if (size.bytes < format::segment::batches_at)
        refuse(size.bytes, "the segment ends within its header");
    // The header alone: a search reads many headers, and few of their batches.
    load(0, format::segment::batches_at);
    const auto decoded = decode_segment_header(view(0, format::segment::batches_at));
    if (!decoded.reason.empty())
        refuse(decoded.offset, decoded.reason);
    header_ = decoded.value;
    if (header_.bytes != size.bytes)
        refuse(std::min(size.bytes, header_.bytes),
               "the segment has " + std::to_string(size.bytes) + " bytes and not the " +
                   std::to_string(header_.bytes) + " that its header says");
    if (header_.before.next_record != first_record)
        refuse(format::segment::first_record_at, "the segment begins with record " +
                                                     std::to_string(header_.before.next_record) +
                                                     ", which is not what it is named after");
}

void segment_reader::refuse(std::uint64_t offset, const std::string& reason) const {
    throw journal_error{path_, offset, reason};
}

/// Returns the bytes at an offset, as many of them as the segment has.
std::span<const std::byte> segment_reader::view(std::uint64_t offset, std::size_t bytes) {
    bytes = static_cast<std::size_t>(
        std::min<std::uint64_t>(bytes, header_.bytes - std::min(offset, header_.bytes)));
    if (offset < window_at_ || offset + bytes > window_at_ + window_bytes_)
        load(offset, static_cast<std::size_t>(std::min<std::uint64_t>(std::max(bytes, ahead_bytes),
                                                                      header_.bytes - offset)));
    return std::span{window_}.subspan(static_cast<std::size_t>(offset - window_at_), bytes);
}

/// Reads bytes of the segment into the window.
void segment_reader::load(std::uint64_t offset, std::size_t bytes) {
    window_.resize(std::max(window_.size(), bytes));
    window_bytes_ = 0;
    const auto read = file_->read(offset, std::span{window_}.first(bytes));
    if (read.error)
        refuse(offset, "cannot be read: " + read.error.message());
    if (read.bytes != bytes)
        refuse(offset + read.bytes, "the segment ends here, before its end");
    window_at_ = offset;
    window_bytes_ = bytes;
}

/// Decodes the batch there. If only its checksum is wrong, its header is returned all the same.
checked_batch segment_reader::batch_at(std::uint64_t offset) {
    const auto header_bytes = view(offset, at::header_bytes_1);
    if (header_bytes.size() < at::header_bytes_1)
        return {{}, batch_error::header_damaged};
    const checked_header header = check_header(header_bytes);
    if (header.error != batch_error::none)
        return {{}, header.error};
    checked_batch one = check_batch(view(offset, header.value.bytes));
    if (one.error != batch_error::none)
        one.value.header = header.value;
    return one;
}

segment_reader::finding segment_reader::look(std::uint64_t offset, const batch_position& before,
                                             bool is_last) {
    checked_batch one = batch_at(offset);
    if (one.error != batch_error::none) {
        // The file may have grown since this part of it was read.
        window_bytes_ = 0;
        one = batch_at(offset);
    }
    if (one.error == batch_error::newer_version)
        refuse(offset, describe(one.error));
    if (one.error != batch_error::none)
        return damaged(offset, before, one, is_last);
    if (const batch_error error = check_follows(one.value.header, before);
        error != batch_error::none)
        refuse(offset, describe(error));
    if (const refused_record refused = check_records(one.value); !refused.reason.empty())
        refuse(offset + refused.offset, refused.reason);
    return {found::batch, one.value};
}

segment_reader::finding segment_reader::damaged(std::uint64_t offset, const batch_position& before,
                                                const checked_batch& refused, bool is_last) {
    const std::uint64_t end = end_of_content(offset);
    if (end == offset)
        return {found::nothing, {}};
    const std::string reason = describe(refused.error);
    if (!is_last)
        refuse(offset, reason + ", and there are segments after this one");
    // How many bytes should be there: the whole batch, if its header is valid.
    const bool whole_header = refused.error == batch_error::checksum;
    const std::size_t bytes = whole_header ? refused.value.header.bytes : at::header_bytes_1;
    batch_header claimed = refused.value.header;
    claimed.stamp.running_ns = before.running_ns;  // the header's own checksum does not cover it
    if (whole_header && check_follows(claimed, before) != batch_error::none)
        refuse(offset, reason + ", and it is not the one that comes next");
    if (bytes > header_.bytes - offset)
        refuse(offset, reason + ", and it is longer than the segment");
    if (valid_batch_after(offset + format::unit_bytes, before.next_record))
        refuse(offset, reason + ", and there are valid batches after it");
    if (!zero_sector_in(offset, bytes))
        refuse(offset, reason + ", though all of it was written");
    return {found::torn, {}, end - offset};
}

/// Whether any sector has only zeros in the part of it that lies in [offset, offset + bytes).
bool segment_reader::zero_sector_in(std::uint64_t offset, std::size_t bytes) {
    const std::uint64_t end = offset + bytes;
    while (offset != end) {
        const std::uint64_t sector_end = (offset / format::sector_bytes + 1) * format::sector_bytes;
        const auto part = static_cast<std::size_t>(std::min(end, sector_end) - offset);
        if (is_zero(view(offset, part)))
            return true;
        offset += part;
    }
    return false;
}

/// Whether a batch whose records follow `next_record` begins anywhere from `offset` on.
bool segment_reader::valid_batch_after(std::uint64_t offset, std::uint64_t next_record) {
    for (; offset + at::min_bytes_1 <= header_.bytes; offset += format::unit_bytes) {
        if (get<std::uint32_t>(view(offset, at::header_bytes_1), at::magic_at) != at::magic)
            continue;
        const checked_header header = check_header(view(offset, at::header_bytes_1));
        if (header.error == batch_error::none && header.value.first_record >= next_record &&
            check_batch(view(offset, header.value.bytes)).error == batch_error::none)
            return true;
    }
    return false;
}

/// The end of the last byte from `offset` on that is not zero; `offset` if there is none.
std::uint64_t segment_reader::end_of_content(std::uint64_t offset) {
    std::uint64_t end = offset;
    for (std::uint64_t from = offset; from != header_.bytes;) {
        const auto part = view(from, ahead_bytes);
        if (!is_zero(part)) {
            const auto last = std::find_if(part.rbegin(), part.rend(),
                                           [](std::byte one) { return one != std::byte{0}; });
            end = from + static_cast<std::uint64_t>(part.rend() - last);
        }
        from += part.size();
    }
    return end;
}

std::uint64_t segment_before(const storage& where, std::span<const std::uint64_t> segments,
                             std::uint64_t batch_position::*which, std::uint64_t time) {
    const auto begins_later =
        std::partition_point(segments.begin() + 1, segments.end(), [&](std::uint64_t first_record) {
            return segment_reader{where, first_record}.header().before.*which < time;
        });
    return *(begins_later - 1);
}

}  // namespace coffer::journal
