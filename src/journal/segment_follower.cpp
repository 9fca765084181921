#include "journal/segment_follower.hpp"

#include "journal/journal_error.hpp"

namespace coffer::journal {
namespace {

constexpr int batches_a_step = 64;

}  // namespace

bool segment_follower::is_sound() const noexcept {
    if (walk_ == nullptr || is_broken_)
        return false;
    // Acquire, as in follow.
    const std::uint64_t end = log_.durable_end.load(std::memory_order_acquire);
    const std::uint64_t trimmed = log_.first_record.load(std::memory_order_acquire);
    // Where the log was opened with an earlier end, what is behind it is no part of the log.
    return (end == 0 || position().next_record <= end) && current_->first_record() >= trimmed;
}

void segment_follower::begin(std::uint64_t first_record) {
    auto walk = std::make_unique<batch_walk>(storage_, first_record);
    current_ = std::make_shared<segment_index>(walk->header().before);
    walk_ = std::move(walk);
    is_broken_ = false;
}

segment_follower::step segment_follower::follow() {
    // Acquire: pairs with the release in log_progress, so that what is durable can be read.
    const std::uint64_t durable_end = log_.durable_end.load(std::memory_order_acquire);
    const bool is_open = durable_end != 0;
    for (int i = 0; i != batches_a_step; ++i) {
        if (is_open && position().next_record >= durable_end)
            return step::at_end;
        const auto one = walk_->next(is_open ? durable_end : batch_walk::no_end);
        if (!one) {
            if (advance())
                return step::advanced;
            if (is_open)
                throw journal_error{walk_->path(), walk_->offset(),
                                    "there is no batch where one should be"};
            return step::at_end;
        }
        is_broken_ = true;  // also if there is no memory for all of it
        const refused_record refused = current_->add(one->value, one->offset);
        if (!refused.reason.empty())
            throw journal_error{walk_->path(), one->offset + refused.offset, refused.reason};
        is_broken_ = false;
    }
    return step::some;
}

/// Goes on to the next segment, if there is one.
bool segment_follower::advance() {
    const std::uint64_t next_record = position().next_record;
    if (next_record == current_->first_record() ||
        storage_.identify(segment_name(next_record)).error)
        return false;
    auto next = std::make_unique<batch_walk>(storage_, next_record);
    if (next->header().ledger != walk_->header().ledger ||
        next->header().before != walk_->position())
        throw journal_error{next->path(), "the segment does not follow the one before it"};
    current_ = std::make_shared<segment_index>(next->header().before, current_.get());
    walk_ = std::move(next);
    return true;
}

}  // namespace coffer::journal
