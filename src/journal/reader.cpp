#include "journal/reader.hpp"

#include <algorithm>
#include <utility>

#include "journal/journal_error.hpp"

namespace coffer::journal {

reader::reader(const storage& where, std::uint64_t from_record)
    : storage_{where}, from_record_{std::max<std::uint64_t>(from_record, 1)} {
    list();
}

/// Lists the segments and, the first time that there are any, enters one. If it throws nothing has
/// changed, and it may be called again.
void reader::list() {
    std::vector<std::uint64_t> found = list_segments(storage_);
    if (found.empty()) {
        if (segment_ != nullptr)
            throw journal_error{segment_->path(), "the segment is gone"};
        return;
    }
    const std::uint64_t wanted =
        segment_ == nullptr ? from_record_ : segment_->header().before.next_record;
    const auto after = std::ranges::upper_bound(found, wanted);
    // The segment being read must still be there: the reader cannot go on after a gap.
    if (after == found.begin() || (segment_ != nullptr && *(after - 1) != wanted))
        throw journal_error{storage_.path(segment_name(found.front())),
                            "the journal begins here, and record " + std::to_string(wanted) +
                                " is no longer in it"};
    const auto index = static_cast<std::size_t>(after - found.begin()) - 1;
    if (segment_ == nullptr) {
        enter(index, std::make_unique<segment_reader>(storage_, found[index]));
        position_ = segment_->header().before;
        stamp_ = {.time_ns = position_.time_ns, .running_ns = position_.running_ns};
    }
    index_ = index;
    segments_ = std::move(found);
}

void reader::enter(std::size_t index, std::unique_ptr<segment_reader> opened) {
    if (segment_ != nullptr)
        bytes_left_ += segment_->header().bytes;
    segment_ = std::move(opened);
    index_ = index;
    offset_ = format::segment::batches_at;
    last_bytes_ = 0;
}

void reader::enter_next() {
    auto next = std::make_unique<segment_reader>(storage_, segments_[index_ + 1]);
    if (next->header().ledger != segment_->header().ledger)
        throw journal_error{next->path(), format::segment::ledger_at,
                            "the segment is of another ledger than the one before it"};
    if (next->header().before.next_record != position_.next_record)
        throw journal_error{
            next->path(), format::segment::first_record_at,
            "the segment begins with record " + std::to_string(next->header().before.next_record) +
                ", but record " + std::to_string(position_.next_record) + " comes next"};
    if (next->header().before != position_)
        throw journal_error{next->path(), format::segment::chain_at,
                            "the segment does not follow the one before it in the chain"};
    enter(index_ + 1, std::move(next));
}

std::optional<batch_view> reader::next() {
    for (;;) {
        const std::optional<batch_view> found = step();
        if (!found || found->header.records == 0 || found->after().next_record > from_record_)
            return found;
    }
}

std::optional<batch_view> reader::step() {
    torn_.reset();
    if (segment_ == nullptr)
        list();
    while (segment_ != nullptr) {
        const bool last = is_last();
        const auto found = segment_->look(offset_, position_, last);
        if (found.what == segment_reader::found::batch) {
            last_bytes_ = found.batch.bytes.size();
            offset_ += last_bytes_;
            position_ = found.batch.after();
            stamp_ = found.batch.header.stamp;
            return found.batch;
        }
        if (!last) {
            enter_next();
            continue;
        }
        // There may be a newer segment by now. Then this one is complete: look at it again.
        list();
        if (!is_last())
            continue;
        if (found.what == segment_reader::found::torn)
            torn_ = torn_tail{segment_->path(), offset_, found.torn_bytes};
        break;
    }
    return std::nullopt;
}

std::string reader::unfinished() const {
    if (!torn_)
        return {};
    return torn_->file + ", offset " + std::to_string(torn_->offset) + ", " +
           std::to_string(torn_->bytes) + " bytes";
}

std::string reader::where() const {
    if (segment_ == nullptr)
        return storage_.path("");
    return segment_->path() + ", offset " + std::to_string(offset_ - last_bytes_);
}

}  // namespace coffer::journal
