#include "audit/journal_copy.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "journal/format.hpp"
#include "journal/journal_error.hpp"

namespace coffer::audit {
namespace {

/// Returns the size of a segment whose batches end there.
constexpr std::uint64_t tight_bytes(std::uint64_t end) noexcept {
    constexpr std::uint64_t page_bytes = 4096;
    return (end + page_bytes - 1) / page_bytes * page_bytes;
}

}  // namespace

journal_copy::journal_copy(const std::filesystem::path& directory, segment_size size)
    : to_{directory}, size_{size} {
    if (const std::error_code error = to_.create_directory())
        throw journal::journal_error{directory.string(), "cannot be made: " + error.message()};
}

void journal_copy::enter(const journal::segment_header& header) {
    if (header_ && header_->before.next_record == header.before.next_record)
        return;
    end_segment();
    const std::string name = journal::segment_name(header.before.next_record);
    path_ = to_.path(name);
    auto made = to_.open(name, journal::storage::access::create);
    require(made.error);
    file_ = std::move(made.file);
    if (size_ == segment_size::whole)
        require(file_->allocate(header.bytes));
    header_ = header;
    position_ = header.before;
    offset_ = journal::format::segment::batches_at;
}

void journal_copy::append(const journal::batch_view& one) {
    // A segment without records would have the name of the one after it: it grows instead.
    if (offset_ + one.bytes.size() > header_->bytes &&
        position_.next_record != header_->before.next_record) {
        journal::segment_header next = *header_;
        next.before = position_;
        next.bytes = std::max(next.bytes,
                              tight_bytes(journal::format::segment::batches_at + one.bytes.size()));
        enter(next);
    }
    write(one.bytes);
    position_ = one.after();
}

void journal_copy::finish() {
    end_segment();
    if (const std::error_code error = to_.sync())
        throw journal::journal_error{to_.path(""), "cannot be synced: " + error.message()};
}

void journal_copy::write(std::span<const std::byte> bytes) {
    require(file_->write(offset_, bytes));
    offset_ += bytes.size();
}

void journal_copy::write_zeros(std::uint64_t until) {
    constexpr std::uint64_t piece_bytes = std::uint64_t{1} << 20;
    const std::vector<std::byte> zeros(
        static_cast<std::size_t>(std::min(piece_bytes, until - offset_)));
    while (offset_ != until)
        write(std::span{zeros}.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), until - offset_))));
}

/// Writes the header, whose size is known only now, and what is left of the segment.
void journal_copy::end_segment() {
    if (!header_)
        return;
    const std::uint64_t least = tight_bytes(offset_);
    header_->bytes = size_ == segment_size::tight ? least : std::max(header_->bytes, least);
    write_zeros(header_->bytes);
    require(file_->write(0, journal::encode(*header_)));
    require(file_->sync());
    header_.reset();
}

void journal_copy::require(std::error_code error) const {
    if (error)
        throw journal::journal_error{path_, "cannot be written: " + error.message()};
}

}  // namespace coffer::audit
