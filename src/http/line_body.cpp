#include "http/line_body.hpp"

namespace coffer::http {

std::size_t line_body::offer(teller& teller, std::string_view text, bool ends,
                             std::size_t& most_lines, api::reply& out) {
    state_ = state::more;
    std::size_t at = 0;
    while (at != text.size() && state_ == state::more) {
        if (most_lines == 0) {
            state_ = state::paused;
            break;
        }
        const std::size_t found = text.find('\n', at + scanned_);
        const bool has_end = found != std::string_view::npos;
        std::string_view line = text.substr(at, (has_end ? found : text.size()) - at);
        if (line.ends_with('\r'))  // its LF may still be on its way
            line.remove_suffix(1);
        if (line.size() > max_line_bytes_) {
            state_ = sink_->end_at_long_line(teller, out) ? state::refused : state::too_long;
            break;
        }
        if (!has_end && !ends) {
            scanned_ = text.size() - at;
            break;
        }
        if (!take(teller, line, out))
            break;
        scanned_ = 0;
        --most_lines;
        at = has_end ? found + 1 : text.size();
    }
    if (at == text.size() && ends && state_ == state::more) {
        const reading before{teller};
        sink_->finish(teller, out);
        note(before, teller);
        state_ = state::ended;
    }
    return at;
}

bool line_body::take(teller& teller, std::string_view line, api::reply& out) {
    const reading before{teller};
    const auto answer = sink_->take(teller, line, out);
    note(before, teller);
    if (answer == api::line_sink::state::waiting)
        state_ = state::waiting;
    else if (answer == api::line_sink::state::refused)
        state_ = state::refused;
    return answer == api::line_sink::state::taken;
}

// Others make postings in the same turn, before and after the sink.
void line_body::note(const reading& before, const teller& now) noexcept {
    if (now.due() != before.due)
        due_ = now.due();
    has_posted_ = has_posted_ || now.postings() != before.postings;
}

}  // namespace coffer::http
