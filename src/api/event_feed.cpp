#include "api/event_feed.hpp"

#include <utility>

#include "api/cut_text.hpp"
#include "engine/engine.hpp"
#include "ops/text.hpp"
#include "ops/utc_time.hpp"

namespace coffer::api {
namespace {

/// How many blocks one pull looks through for events of one account.
constexpr int most_blocks = 4;

}  // namespace

body_stream::state event_feed::pull(coffer::teller& teller, std::size_t room_bytes,
                                    std::string& out) {
    const std::size_t full = out.size() + room_bytes;
    note_place(teller);
    if (!move_to_end(rest_, out, full))
        return state::more;
    const auto now = std::chrono::steady_clock::now();
    const bool is_busy = watch_.is_busy(teller, now);
    bool has_room = true;
    for (int i = 0; i != most_blocks && has_room; ++i) {
        switch (cursor_.find(teller)) {
            case event_cursor::state::ready:
                append_place(now, out);
                has_room = append_events(full, out);
                break;
            case event_cursor::state::asked:
                return is_busy && cursor_.has_begun() ? state::following : state::waiting;
            case event_cursor::state::others:
            case event_cursor::state::at_end:
                append_place(now, out);
                return state::following;
            case event_cursor::state::failed:
                return fail(cursor_.failure(), cursor_.failure_members());
        }
    }
    cursor_.rest();
    return state::resting;
}

void event_feed::note_place(const coffer::teller& by) {
    place_.set(cursor_.after());
    if (!std::exchange(is_registered_, true))
        followed_ = by.engine().followed().add(&place_);
}

/// Returns false when there is no more room.
bool event_feed::append_events(std::size_t full, std::string& out) {
    while (out.size() < full) {
        if (!cursor_.has_event())
            return true;
        append_event(out);
        cursor_.pass();
    }
    cut_to(out, full, rest_);
    return false;
}

void event_feed::append_event(std::string& out) {
    if (form_ == form::lines) {
        out += cursor_.line();
        return;
    }
    out += "id: ";
    known_ = cursor_.record();
    append_number(out, *known_);
    out += "\nevent: ";
    out += cursor_.operation();
    out += "\ndata: ";
    out += cursor_.line();
    out += '\n';
}

// The comment keeps the connection alive, also for readers that know no ids. An event without data
// is not dispatched, but its id counts.
void event_feed::append_place(std::chrono::steady_clock::time_point now, std::string& out) {
    if (form_ != form::server_sent || now < next_place_)
        return;
    out += ": up to here\n";
    if (known_ != cursor_.after()) {
        known_ = cursor_.after();
        out += "id: ";
        append_number(out, *known_);
        out += '\n';
    }
    out += '\n';
    next_place_ = now + place_every_;
}

void event_feed::end_early(problem why, std::string& out) {
    out += rest_;
    const problem_info& info = describe(why);
    if (form_ == form::server_sent)
        out += "event: end\ndata: ";
    out.append(R"({"error":{"type":")").append(info.type);
    out.append(R"(","message":")").append(info.message).append(1, '"');
    if (const auto& now = failure_members().beginning; now && why == failure()) {
        out += R"(,"first_record":)";
        append_number(out, now->first_record);
        out += R"(,"first_time":")";
        append_utc_text(out, now->first_time_ns);
        out += '"';
    }
    if (cursor_.has_begun()) {
        out += R"(,"after":)";
        append_number(out, cursor_.after());
    }
    out += form_ == form::server_sent ? "}}\n\n" : "}}\n";
}

}  // namespace coffer::api
