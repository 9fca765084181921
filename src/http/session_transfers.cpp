// The parts of a session that last for longer than one turn: bodies that are taken line by line,
// and replies that are streams.
#include <algorithm>
#include <memory>
#include <utility>

#include "api/router.hpp"
#include "http/reply_writer.hpp"
#include "http/session.hpp"

namespace coffer::http {
namespace {

/// What a stream may append before it is the next connection's turn.
constexpr std::size_t stream_turn_bytes = 64 * kibibyte;
/// Room below which it waits for its next turn, unless it would never get more.
constexpr std::size_t least_piece_bytes = 1 * kibibyte;

}  // namespace

using api::problem;

/// The route of a request, if its rules are needed before the body is read; otherwise null.
const api::route* session::route_of_body(std::string_view bytes) const {
    return head_.method == api::method::post
               ? shared_.routes.find_body_rules(head_.target.of(bytes))
               : nullptr;
}

bool session::open_lines(const api::route& found, std::string_view bytes, std::string& out) {
    route_ = static_cast<std::uint8_t>(shared_.routes.number_of(&found));
    auto sink = api::open_lines(shared_.routes, shared_.teller, request_in(bytes, {}),
                                shared_.limits.batch_lines, shared_.reply, shared_.guard);
    if (sink != nullptr && shared_.is_short_of_memory) {
        sink.reset();
        shared_.reply.refuse(problem::unavailable);
    }
    if (sink == nullptr) {
        write(true, out);
        return false;
    }
    lines_ = std::make_unique<line_body>(std::move(sink), found.rules.max_line,
                                         shared_.limits.lines_bytes(found.rules.max_line));
    if (const auto id = head_.request_id.of(bytes); is_request_id(id))
        lines_->keep_request_id(id);
    if (shared_.who != nullptr)
        lines_->keep_bearer(shared_.who->name);
    head_.request_id = {};  // of bytes that are gone soon
    return true;
}

/// Returns how many of the bytes were taken.
std::size_t session::feed_lines(std::string_view bytes, std::string& out) {
    const std::size_t before = requests_left_;
    const std::size_t taken = offer_lines(bytes, out);
    took_lines_ = took_lines_ || requests_left_ != before;
    if (lines_ == nullptr)  // refused
        return taken;
    switch (lines_->now()) {
        case line_body::state::more:
            break;
        case line_body::state::paused:
            has_more_ = true;
            break;
        case line_body::state::waiting:
            waits_for_teller_ = is_patient_;
            if (is_patient_ && shared_.teller.is_durable(shared_.teller.latest()))
                waits_for_ = pause::change;
            if (!is_patient_)
                refuse(problem::disk_hangs, out);
            break;
        case line_body::state::refused:
            refuse(lines_->problem_found(), out);
            break;
        case line_body::state::cut:
            reply_to_lines(true, out);
            stopped_ = false;  // the reply may be a stream
            break;
        case line_body::state::ended:
            finish_lines(taken == bytes.size(), out);
            break;
    }
    return taken;
}

std::size_t session::offer_lines(std::string_view bytes, std::string& out) {
    lines_->end_at_next_line(shared_.is_short_of_memory ? problem::unavailable : problem::none);
    if (!head_.chunked) {
        const std::string_view text = bytes.substr(0, body_size_);
        const std::size_t taken = lines_->offer(shared_.teller, text, text.size() == body_size_,
                                                requests_left_, shared_.reply);
        body_size_ -= taken;
        return taken;
    }
    const bool is_read = chunks_.done() || chunks_.problem_found() != problem::none;
    const std::size_t taken = is_read ? 0 : chunks_.take_endless(bytes, shared_.limits);
    // The lines before a malformed chunk are taken, so that what is done does not depend on how the
    // bytes are split.
    const bool is_malformed = chunks_.problem_found() != problem::none;
    if (is_malformed)
        lines_->stop_discarding();
    chunks_.drop(lines_->offer(shared_.teller, chunks_.content(), chunks_.done(), requests_left_,
                               shared_.reply));
    if (is_malformed && lines_->now() == line_body::state::more)
        refuse(chunks_.problem_found(), out);
    return taken;
}

void session::finish_lines(bool nothing_left, std::string& out) {
    if (requests_left_ != 0)  // the last line may have been the last that was allowed
        --requests_left_;
    reply_to_lines(is_last(nothing_left), out);
    begin_next();
    stopped_ = false;
}

// The reply may report what earlier turns posted.
void session::reply_to_lines(bool last, std::string& out) {
    const bool is_undurable = !shared_.teller.is_durable(lines_->due());
    const problem instead = lines_->has_posted() ? problem::outcome_unknown : problem::disk_hangs;
    if (is_undurable)
        due_ = shared_.teller.latest();
    const std::unique_ptr<line_body> ended = std::move(lines_);
    shared_.kept_id = ended->request_id();
    shared_.kept_bearer = ended->bearer();
    reply(last, is_undurable, instead, out);
    shared_.kept_id = shared_.kept_bearer = {};
}

void session::begin_stream(bool last, bool is_undurable, problem instead, std::string& out) {
    const bool has_size = shared_.reply.body_bytes().has_value();
    const bool chunked = !head_.is_http_1_0 && !has_size;
    stream_due_ = is_undurable ? shared_.teller.latest() : 0;
    stream_instead_ = instead;
    stream_refusals_ = head_.refusals;
    stream_keep_alive_ = head_.is_http_1_0;
    closes_after_stream_ = last || !(chunked || has_size);
    stream_status_ = static_cast<std::uint16_t>(shared_.reply.status());
    stream_wants_timing_ = head_.wants_timing;
    const std::string_view id = request_id();
    std::string head;
    write_reply(shared_.reply,
                {.date = shared_.date,
                 .close = closes_after_stream_,
                 .chunked = chunked,
                 .keep_alive = stream_keep_alive_,
                 .request_id = id,
                 .has_timing = stream_wants_timing_},
                head);
    std::unique_ptr<access_entry> line = entry_if_logged(id);
    auto pieces = shared_.reply.take_stream();
    if (head_.is_head) {  // the reply ends here
        const std::size_t begin = out.size();
        out += head;
        note_stream_head(begin, is_undurable, std::move(line), out);
        phase_ = closes_after_stream_ ? phase::closing : phase::idle;
        return;
    }
    stream_ = std::make_unique<streamed_body>(std::move(pieces), std::move(head), chunked,
                                              shared_.figures.streams);
    stream_->keep_line(std::move(line));
    phase_ = phase::streaming;
}

// The last thing that a feed does, so that nothing follows a piece that may have to be replaced.
void session::pull(bool nothing_left, std::string& out) {
    const teller::ticket due = shared_.teller.due();
    const std::size_t begin = out.size();
    const bool had_begun = stream_->has_begun();
    has_more_ = true;
    const bool stops = draining_ && !stream_->is_complete();
    const problem why = stops ? problem::stopping : pull_pieces(out);
    if (why != problem::none && !stream_->has_begun() && !(stops && stream_->ends_whole()))
        return refuse_stream(why, nothing_left, out);
    if (why != problem::none) {
        stream_->end_early(why, out);
        closes_after_stream_ = closes_after_stream_ || stream_->breaks_off();
        end_stream();
    }
    bool is_undurable = shared_.teller.due() != due;
    has_begun_stream_ = !had_begun && stream_->has_begun();
    if (has_begun_stream_ && !shared_.teller.is_durable(stream_due_)) {
        due_ = shared_.teller.latest();  // an earlier turn may have made what it is due
        is_undurable = true;
    }
    if (has_begun_stream_)
        note_stream_head(begin, is_undurable, stream_->take_line(), out);
    else if (is_undurable && out.size() != begin)
        shared_.undurable.push_back(stream_piece(begin, out.size()));
}

/// The head of a stream, and perhaps a first piece, is in the output from `begin` on.
void session::note_stream_head(std::size_t begin, bool is_undurable,
                               std::unique_ptr<access_entry> line, const std::string& out) {
    if (is_undurable)
        shared_.undurable.push_back(counted(stream_piece(begin, out.size()), stream_status_));
    else
        shared_.figures.count(route_, stream_status_, problem::none);
    note_reply(begin, out, stream_wants_timing_, stream_status_, std::move(line));
}

/// Returns why the stream cannot go on, if it cannot.
problem session::pull_pieces(std::string& out) {
    const std::size_t most = std::min(shared_.limits.output_bytes, out.size() + stream_turn_bytes);
    for (; requests_left_ != 0; --requests_left_) {
        if (!out.empty() && out.size() + least_piece_bytes > most)
            return problem::none;
        const std::size_t before = out.size();
        switch (stream_->pull(shared_.teller, most - out.size(), out)) {
            case api::body_stream::state::more:
                if (out.size() == before)  // it may have done as much work as a turn allows
                    return problem::none;
                break;
            case api::body_stream::state::waiting:
                waits_for_ = pause::change;
                return problem::none;
            case api::body_stream::state::following:
                waits_for_ = pause::news;
                return problem::none;
            case api::body_stream::state::resting:
                waits_for_ = pause::turn;
                return problem::none;
            case api::body_stream::state::done:
                end_stream();
                return problem::none;
            case api::body_stream::state::failed:
                return stream_->failure();
        }
    }
    return problem::none;
}

/// The stream ends before anything of it was sent. What its request posted may be durable or not.
void session::refuse_stream(problem why, bool nothing_left, std::string& out) {
    shared_.reply.set_refusal_form(stream_refusals_);
    if (stream_instead_ == problem::outcome_unknown)
        shared_.reply.refuse(stream_instead_);
    else
        shared_.reply.refuse(
            why, why == stream_->failure() ? stream_->failure_members() : api::error_members{});
    shared_.kept_id = request_id_of(stream_->head());
    shared_.kept_line = stream_->take_line();
    shared_.has_kept_line = true;
    head_.wants_timing = stream_wants_timing_;  // the head of the request is gone
    const std::unique_ptr<streamed_body> ended = std::move(stream_);
    write(closes_after_stream_ || (draining_ && nothing_left), out);
    head_.wants_timing = false;
    shared_.has_kept_line = false;
    shared_.kept_id = {};
}

undurable_reply session::stream_piece(std::size_t begin, std::size_t end) const noexcept {
    return {.offset = static_cast<std::uint32_t>(begin),
            .bytes = static_cast<std::uint32_t>(end - begin),
            .instead = stream_instead_,
            .without_body = head_.is_head,
            .close = closes_after_stream_,
            .keep_alive = stream_keep_alive_,
            .form = stream_refusals_,
            .is_stream = !head_.is_head};
}

// The stream itself is kept until the next feed: see replace_stream.
void session::end_stream() noexcept {
    phase_ = closes_after_stream_ ? phase::closing : phase::idle;
    has_ended_stream_ = true;
}

void session::replace_stream(const undurable_reply& piece, std::string_view request_id,
                             std::string& out) {
    waits_for_ = pause::none;
    if (has_begun_stream_) {
        shared_.reply.set_refusal_form(piece.form);
        shared_.reply.refuse(piece.instead);
        write_reply(shared_.reply,
                    {.date = shared_.date,
                     .without_body = piece.without_body,
                     .close = piece.close,
                     .keep_alive = piece.keep_alive,
                     .request_id = request_id},
                    out);
    } else {
        stream_->end_early(piece.instead, out);
        closes_after_stream_ = closes_after_stream_ || stream_->breaks_off();
    }
    end_stream();
}

}  // namespace coffer::http
