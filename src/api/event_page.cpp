#include "api/event_page.hpp"

#include "api/cut_text.hpp"
#include "ops/text.hpp"

namespace coffer::api {
namespace {

/// How many blocks one pull looks through for events of one account.
constexpr int most_blocks = 4;
/// How many blocks a page is made of at most: where few of the events are shown, it ends with what
/// it has, and `next` leads on.
constexpr int most_blocks_a_page = 256;

}  // namespace

body_stream::state event_page::pull(coffer::teller& teller, std::size_t room_bytes,
                                    std::string& out) {
    const std::size_t full = out.size() + room_bytes;
    if (!move_to_end(rest_, out, full))
        return state::more;
    if (is_complete_)
        return state::done;
    bool has_room = true;
    for (int i = 0; i != most_blocks && has_room; ++i) {
        switch (cursor_.find(teller)) {
            case event_cursor::state::ready:
                has_room = append_events(full, out);
                break;
            case event_cursor::state::asked:
                return state::waiting;
            case event_cursor::state::others:
                return state::following;
            case event_cursor::state::at_end:
                if (!has_waited())
                    return state::following;
                finish(out);
                return send(full, out);
            case event_cursor::state::failed:
                if (!has_begun_)
                    return fail(cursor_.failure(), cursor_.failure_members());
                finish(out);
                return send(full, out);
        }
        if (left_ == 0 || ++blocks_ >= most_blocks_a_page) {
            finish(out);
            return send(full, out);
        }
    }
    cursor_.rest();
    return send(full, out);
}

/// Returns false when there is no more room.
bool event_page::append_events(std::size_t full, std::string& out) {
    while (left_ != 0 && out.size() < full) {
        if (!cursor_.has_event())
            return true;
        begin(out);
        if (has_events_)
            out += ',';
        out += cursor_.line();
        out.pop_back();  // the newline
        has_events_ = true;
        --left_;
        cursor_.pass();
    }
    return out.size() < full;
}

void event_page::begin(std::string& out) {
    if (!has_begun_)
        out += R"({"success":true,"data":{"events":[)";
    has_begun_ = true;
}

void event_page::finish(std::string& out) {
    begin(out);
    cursor_.rest();
    out += R"(],"next":)";
    append_number(out, cursor_.after());
    out += R"(},"code":200})";
    is_complete_ = true;
}

body_stream::state event_page::send(std::size_t full, std::string& out) {
    cut_to(out, full, rest_);
    return is_complete_ && rest_.empty() ? state::done : state::more;
}

// What it has so far is a page, too.
void event_page::end_early(problem, std::string& out) {
    out += rest_;
    rest_.clear();
    if (!is_complete_)
        finish(out);
}

}  // namespace coffer::api
