#include "http/line_body.hpp"

namespace coffer::http {

std::size_t line_body::offer(teller& teller, std::string_view text, bool ends,
                             std::size_t& most_lines, api::reply& out) {
    state_ = state::more;
    std::size_t at = 0;
    while (at != text.size() && state_ == state::more && !is_discarding_) {
        const std::size_t found = text.find('\n', at + scanned_);
        const bool has_end = found != std::string_view::npos;
        const std::size_t next = has_end ? found + 1 : text.size();
        std::string_view line = text.substr(at, (has_end ? found : text.size()) - at);
        if (line.ends_with('\r'))  // its LF may still be on its way
            line.remove_suffix(1);
        const bool is_whole = has_end || ends;
        if (line.size() > max_line_bytes_) {
            refuse_line(api::problem::body_too_large);
        } else if (!line.empty() && stop_ != api::problem::none) {
            refuse_line(stop_);
        } else if (!is_whole) {
            scanned_ = text.size() - at;
            break;
        } else if (!line.empty() && most_lines == 0) {
            state_ = state::paused;
        } else if (line.empty() || take(teller, line)) {
            most_lines -= line.empty() ? 0 : 1;
            scanned_ = 0;
            at = next;
        }
    }
    if (is_discarding_) {
        discard(text.size() - at, ends);
        at = text.size();
    } else if (at == text.size() && ends && state_ == state::more) {
        state_ = state::ended;
    }
    if (state_ == state::cut || state_ == state::ended)
        finish(teller, out);
    return at;
}

bool line_body::take(teller& teller, std::string_view line) {
    const reading before{teller};
    const auto answer = sink_->take(teller, line);
    note(before, teller);
    if (answer == api::line_sink::state::waiting)
        state_ = state::waiting;
    is_discarding_ = answer == api::line_sink::state::ended;
    return answer == api::line_sink::state::taken;
}

void line_body::refuse_line(api::problem why) {
    stop_ = why;
    is_discarding_ = sink_->end_at_line(why);
    if (!is_discarding_)
        state_ = state::refused;
}

void line_body::discard(std::size_t bytes, bool ends) noexcept {
    const bool is_allowed = bytes < discards_left_;
    discards_left_ -= is_allowed ? bytes : discards_left_;
    if (ends || !is_allowed)
        state_ = state::cut;
}

void line_body::finish(teller& teller, api::reply& out) {
    const reading before{teller};
    sink_->finish(teller, out);
    note(before, teller);
}

// Others make postings in the same turn, before and after the sink.
void line_body::note(const reading& before, const teller& now) noexcept {
    if (now.due() != before.due)
        due_ = now.due();
    has_posted_ = has_posted_ || now.postings() != before.postings;
}

}  // namespace coffer::http
