#include "api/event_job.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "api/event_text.hpp"
#include "ops/utc_time.hpp"

namespace coffer::api {

/// Makes blocks of the batches that it is given.
class event_job::maker {
public:
    maker(event_job& owner, std::size_t most_bytes) noexcept
        : owner_{owner}, left_bytes_{most_bytes} {
        begin(owner.after_);
    }

    [[nodiscard]] bool is_done() const noexcept { return left_bytes_ == 0; }

    void add(const journal::batch_view& batch) {
        if (is_done())
            return;
        const std::string time = to_utc_text(batch.header.stamp.time_ns);
        std::uint64_t number = batch.header.first_record;
        journal::visit_records(batch, [&](const journal::record& one) {
            if (number > now_.through && !is_done()) {
                add_record(now_, one, number, time);
                if (now_.lines.size() >= block_bytes)
                    finish();
            }
            ++number;
        });
    }

    /// Shares what has been made.
    void finish() {
        if (now_.through == now_.after)
            return;
        const std::uint64_t next = now_.through;
        left_bytes_ -= std::min(left_bytes_, now_.lines.size());
        now_.lines.shrink_to_fit();
        now_.events.shrink_to_fit();
        now_.accounts.shrink_to_fit();
        const auto made = std::make_shared<const event_block>(std::move(now_));
        owner_.shared_.add(made);
        if (owner_.first_ == nullptr)
            owner_.first_ = made;
        begin(next);
    }

private:
    void begin(std::uint64_t after) { now_ = {.after = after, .through = after}; }

    event_job& owner_;
    event_block now_;
    std::size_t left_bytes_;
};

void event_job::read(journal::history& past) {
    if (after_ + 1 < past.beginning().first_record)
        throw journal::history_trimmed{past.beginning()};
    if (account_ == 0) {
        first_ = shared_.find(after_);
        if (first_ != nullptr)
            return;
    } else if (pass_over(past)) {
        return;
    }
    maker made{*this, account_ == 0 ? most_bytes : block_bytes};
    std::uint64_t next = after_ + 1;
    while (!made.is_done()) {
        const auto where = past.at(next);
        if (!where)
            break;
        past.read(*where, [&made](const journal::batch_view& one) { made.add(one); });
        next = where->end_record;
    }
    made.finish();
}

/// Moves to the next extent in which the account has postings. Returns true if there is none.
bool event_job::pass_over(const journal::history& past) {
    const auto found = past.earliest(account_, after_ + 1);
    // What is gone by now may have had postings of it.
    if (after_ + 1 < past.beginning().first_record)
        throw journal::history_trimmed{past.beginning()};
    if (!found) {
        first_ = std::make_shared<const event_block>(
            event_block{.after = after_, .through = std::max(after_, durable_)});
        return true;
    }
    after_ = std::max(after_, found->where.first_record - 1);
    return false;
}

}  // namespace coffer::api
