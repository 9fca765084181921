#include "api/event_cursor.hpp"

#include <utility>

#include "api/history_page.hpp"
#include "engine/engine.hpp"

namespace coffer::api {
namespace {

/// A reader of one account that is behind by no more than this many records looks through the
/// blocks of all: others read them too. One that is further behind uses the index.
constexpr std::uint64_t near_records = 4096;

}  // namespace

event_cursor::state event_cursor::find(coffer::teller& by) {
    if (block_ != nullptr && after_ < block_->through)
        return state::ready;
    block_.reset();
    if (job_ != nullptr) {
        const state answered = take_answer(by);
        if (answered != state::at_end)
            return answered;
    }
    if (has_begun_ && take(by.engine().events().find(after_)))
        return state::ready;
    const std::uint64_t durable = by.engine().durable_record();
    if (after_ < durable)
        return ask(by, durable);
    has_begun_ = true;
    waiting_since_ = {};
    return state::at_end;
}

bool event_cursor::has_event() noexcept {
    if (!wanted_.has_all())
        while (index_ != block_->events.size() && !wanted_.has(*block_, index_))
            ++index_;
    const bool found = index_ != block_->events.size();
    if (!found)
        after_ = block_->through;
    return found;
}

/// Returns whether there is something behind its place.
bool event_cursor::take(std::shared_ptr<const event_block> found) {
    if (found == nullptr || found->through <= after_)
        return false;
    block_ = std::move(found);
    index_ = block_->first_after(after_);
    has_begun_ = true;
    waiting_since_ = {};
    return true;
}

// The first job is its own: that finds out whether something has been trimmed.
event_cursor::state event_cursor::ask(coffer::teller& by, std::uint64_t durable) {
    const account_number account = wanted_.account();
    const bool passes_over = account != 0 && durable - after_ > near_records;
    event_blocks& shared = by.engine().events();
    const auto job = std::make_shared<event_job>(shared, after_, durable,
                                                 passes_over ? account : account_number{0});
    if (has_begun_ && !passes_over && !shared.claim(after_, job))
        return wait(by, state::others);
    const service asked = by.ask(job);
    if (asked == service::unavailable && has_begun_)  // too many jobs: it tries again
        return wait(by, state::others);
    if (asked != service::done)
        return fail(problem_of(asked));
    job_ = job;
    return wait(by, state::asked);
}

/// Returns at_end where the job found nothing.
event_cursor::state event_cursor::take_answer(const coffer::teller& by) {
    if (!job_->is_done())
        return wait(by, state::asked);
    const auto job = std::exchange(job_, nullptr);
    if (const history_failure found = failure_of(*job); found.why != problem::none)
        return fail(found.why, found.members);
    has_begun_ = true;
    return take(job->block()) ? state::ready : state::at_end;
}

event_cursor::state event_cursor::wait(const coffer::teller& by, state how) {
    const auto now = std::chrono::steady_clock::now();
    if (waiting_since_ == std::chrono::steady_clock::time_point{})
        waiting_since_ = now;
    return now - waiting_since_ > 2 * by.disk_timeout() ? fail(problem::disk_hangs) : how;
}

event_cursor::state event_cursor::fail(problem why, const error_members& members) noexcept {
    failure_ = why;
    members_ = members;
    return state::failed;
}

}  // namespace coffer::api
