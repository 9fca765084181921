#include "api/history_page.hpp"

#include <algorithm>

#include "engine/teller.hpp"

namespace coffer::api {

history_failure failure_of(const history_job& ended) noexcept {
    switch (ended.now()) {
        case history_job::outcome::pending:
        case history_job::outcome::done:
            break;
        case history_job::outcome::trimmed:
            return {problem::history_trimmed, {.beginning = ended.beginning()}};
        case history_job::outcome::late:
            return {problem::disk_hangs, {}};
        case history_job::outcome::failed:
            return {problem::internal_error, {}};
    }
    return {};
}

body_stream::state history_page::pull(coffer::teller& teller, std::size_t room_bytes,
                                      std::string& out) {
    if (phase_ == phase::asking) {
        asked_ = std::chrono::steady_clock::now();
        return ask(teller);
    }
    if (phase_ == phase::waiting)
        return take_answer(teller);
    const std::size_t size = std::min(std::max<std::size_t>(room_bytes, 1), text_.size() - sent_);
    out.append(text_, sent_, size);
    sent_ += size;
    if (sent_ != text_.size())
        return state::more;
    std::string{}.swap(text_);
    sent_ = 0;
    if (is_last_)
        return state::done;
    phase_ = phase::asking;
    return state::more;
}

body_stream::state history_page::ask(coffer::teller& teller) {
    if (const service refused = teller.ask(job_); refused != service::done)
        return fail(problem_of(refused));
    phase_ = phase::waiting;
    return state::waiting;
}

body_stream::state history_page::take_answer(coffer::teller& teller) {
    if (!job_->is_done()) {
        const bool is_late = std::chrono::steady_clock::now() - asked_ > 2 * teller.disk_timeout();
        return is_late ? fail(problem::disk_hangs) : state::waiting;
    }
    if (const history_failure found = failure_of(*job_); found.why != problem::none)
        return fail(found.why, found.members);
    const state wrote = write(text_);
    if (wrote == state::failed)
        return wrote;
    if (wrote == state::waiting)
        return ask(teller);
    is_last_ = wrote == state::done;
    phase_ = phase::sending;
    return state::more;
}

// If all of it is there: a page is complete before its first piece is sent.
void history_page::end_early(problem, std::string& out) {
    out.append(unsent());
}

}  // namespace coffer::api
