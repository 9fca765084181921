#include "http/session.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "api/router.hpp"
#include "http/reply_writer.hpp"

namespace coffer::http {
using api::problem;

namespace {

/// As it stands in a request line; the name of others may be anything.
std::string_view method_name(const request_head& of) noexcept {
    switch (of.method) {
        case api::method::get:
            return of.is_head ? "HEAD" : "GET";
        case api::method::post:
            return "POST";
        case api::method::options:
            return "OPTIONS";
        case api::method::other:
            break;
    }
    return "other";
}

}  // namespace

std::size_t session::feed(std::string_view bytes, std::string& out, std::size_t most_requests) {
    has_more_ = waits_for_teller_ = took_lines_ = stopped_ = false;
    waits_for_ = pause::none;
    has_begun_stream_ = false;
    if (std::exchange(has_ended_stream_, false))
        stream_.reset();
    requests_left_ = most_requests;
    shared_.replies = 0;
    shared_.notes.clear();
    shared_.who = nullptr;
    due_ = 0;
    std::size_t used = 0;
    bool has_content = lines_ != nullptr;  // taken from earlier bytes
    while (!stopped_ && phase_ != phase::closing) {
        if (phase_ == phase::streaming) {
            pull(used == bytes.size(), out);
            break;
        }
        if (used == bytes.size() && !std::exchange(has_content, false))
            break;
        has_more_ = requests_left_ == 0 || out.size() >= shared_.limits.output_bytes;
        if (has_more_)
            break;
        used += feed_one(bytes.substr(used), out);
    }
    has_more_ = has_more_ || waits_for_teller_;
    due_ = std::max(due_, shared_.teller.due());
    shared_.bytes = {};
    shared_.who = nullptr;
    return used;
}

// Answers one request, takes a part of a body of kind `lines`, or skips an empty line before a
// request (RFC 9112, section 2.2). Stops the feed if the request is incomplete, was refused, or
// waits for the teller.
std::size_t session::feed_one(std::string_view bytes, std::string& out) {
    stopped_ = true;
    shared_.bytes = bytes;
    shared_.reply.set_refusal_form(head_.refusals);  // of a request whose head has been read
    if (phase_ == phase::idle) {
        if (bytes.starts_with("\r\n")) {
            stopped_ = false;
            --requests_left_;
            return 2;
        }
        if (bytes == "\r")
            return 0;
        phase_ = phase::head;
        route_ = 0;
        shared_.who = nullptr;
    }
    std::size_t head_bytes = 0;
    if (phase_ == phase::head) {
        if (!feed_head(bytes, out))
            return 0;
        head_bytes = head_size_;
    }
    if (lines_ != nullptr)
        return head_bytes + feed_lines(bytes.substr(head_bytes), out);
    if (!feed_body(bytes, out))
        return 0;
    const std::size_t size = head_size_ + body_size_;
    if (!answer(bytes, out))
        return 0;
    stopped_ = false;
    --requests_left_;
    return size;
}

bool session::feed_head(std::string_view bytes, std::string& out) {
    head_size_ = scanner_.scan(bytes, shared_.limits);
    if (scanner_.problem_found() != problem::none) {
        refuse(scanner_.problem_found(), out);
        return false;
    }
    if (head_size_ == 0)
        return false;
    head_ = read_head(bytes.substr(0, head_size_), shared_.limits);
    shared_.reply.set_refusal_form(head_.refusals);
    if (head_.problem != problem::none) {
        refuse(head_.problem, out);
        return false;
    }
    return begin_body(bytes, out);
}

bool session::begin_body(std::string_view bytes, std::string& out) {
    const api::route* const found = route_of_body(bytes);
    const api::route* const lines =
        found != nullptr && found->rules.body == api::body_kind::lines ? found : nullptr;
    body_limit_ = shared_.limits.body_bytes;
    if (found != nullptr && found->rules.max_body != 0)
        body_limit_ = std::min(body_limit_, found->rules.max_body);
    if (lines != nullptr)
        body_limit_ = shared_.limits.lines_bytes(lines->rules.max_line);
    const bool is_too_large = head_.content_length > body_limit_;
    if (turns_away_ && !is_too_large) {
        refuse(problem::unavailable, out);
        return false;
    }
    const bool client_waits = head_.expects_continue && bytes.size() == head_size_;
    if ((is_too_large || lines != nullptr || client_waits) && !admit(bytes, out))
        return false;
    if (is_too_large) {
        refuse(problem::body_too_large, out);
        return false;
    }
    body_size_ = head_.content_length;
    phase_ = phase::body;
    if (lines != nullptr && !open_lines(*lines, bytes, out))
        return false;
    if (lines != nullptr && client_waits)
        write_continue(out);
    return lines != nullptr || !client_waits || ask_for_body(bytes, out);
}

// Before anything of the body is waited for. Whether the client sends it then is unknown, so the
// connection closes: unless all of it is here, and `answer` decides.
bool session::admit(std::string_view bytes, std::string& out) {
    if (shared_.guard == nullptr || is_counted_)
        return true;
    api::handled done;
    is_counted_ = api::admit(shared_.routes, shared_.teller, request_in(bytes, {}), *shared_.guard,
                             done, shared_.reply);
    route_ = static_cast<std::uint8_t>(shared_.routes.number_of(done.chosen));
    shared_.who = done.who;
    if (!is_counted_)
        write(true, out);
    return is_counted_;
}

// RFC 9110, section 10.1.1. If the head alone decides the reply, that is sent instead of 100. The
// client may then send the body or not, so the connection closes: the next request's begin is
// unknown.
bool session::ask_for_body(std::string_view bytes, std::string& out) {
    const bool wanted =
        api::wants_body(shared_.routes, shared_.teller, request_in(bytes, {}), shared_.reply);
    if (wanted)
        write_continue(out);
    else
        write(true, out);
    return wanted;
}

bool session::feed_body(std::string_view bytes, std::string& out) {
    const std::string_view body = bytes.substr(head_size_);
    if (!head_.chunked) {
        const bool is_whole = body.size() >= body_size_;
        if (!is_whole)
            static_cast<void>(admit(bytes, out));
        return is_whole;
    }
    if (chunks_.done())  // the request has waited for the teller
        return true;
    body_size_ += chunks_.take(body.substr(body_size_), shared_.limits);
    problem why = chunks_.problem_found();
    if (why == problem::none && chunks_.content().size() > body_limit_)
        why = problem::body_too_large;
    const bool is_whole = why == problem::none && chunks_.done();
    if (!is_whole && admit(bytes, out) && why != problem::none)
        refuse(why, out);
    return is_whole;
}

api::request session::request_in(std::string_view bytes, std::string_view body) const {
    api::request made{.method = head_.method,
                      .target = head_.target.of(bytes),
                      .content_type = head_.content_type.of(bytes),
                      .body = body,
                      .accept = head_.list(list_field::accept, bytes),
                      .idempotency_key = head_.idempotency_key.of(bytes),
                      .idempotency_keys = head_.idempotency_keys,
                      .host = head_.host.of(bytes),
                      .lacks_host = head_.host.offset == 0,
                      .origin = head_.origin.of(bytes),
                      .authorization = head_.authorization.of(bytes),
                      .via = &via_,
                      .peer = peer_,
                      .is_counted = is_counted_,
                      .encoded = head_.encoded_content};
    if (head_.has_rare_fields) [[unlikely]] {
        made.if_match = head_.list(list_field::if_match, bytes);
        made.if_none_match = head_.list(list_field::if_none_match, bytes);
        made.last_event_id = head_.last_event_id.of(bytes);
    }
    return made;
}

/// Returns false if the request waits for the teller.
bool session::answer(std::string_view bytes, std::string& out) {
    const std::string_view body =
        head_.chunked ? chunks_.content() : bytes.substr(head_size_, body_size_);
    coffer::teller& teller = shared_.teller;
    const teller::ticket due = teller.due();
    const std::uint64_t postings = teller.postings();
    const api::handled done =
        api::handle(shared_.routes, teller, request_in(bytes, body), shared_.reply, shared_.guard);
    is_counted_ = true;
    route_ = static_cast<std::uint8_t>(shared_.routes.number_of(done.chosen));
    shared_.who = done.who;
    waits_for_teller_ = is_patient_ && teller.was_full();
    if (waits_for_teller_)
        return false;
    reply(is_last(bytes.size() == head_size_ + body_size_), teller.due() != due,
          teller.postings() != postings ? problem::outcome_unknown : problem::disk_hangs, out);
    begin_next();
    return true;
}

/// Writes the reply in `shared_.reply`. If `is_undurable`, it reports what is not durable, and
/// `instead` is the refusal to send if the disk does not answer in time.
void session::reply(bool last, bool is_undurable, problem instead, std::string& out) {
    const std::size_t begin = out.size();
    // Only where nothing was posted may a refusal take the reply's place.
    if (shared_.reply.is_stream() && shared_.is_short_of_memory &&
        instead != problem::outcome_unknown)
        shared_.reply.refuse(problem::unavailable);
    if (shared_.reply.is_stream())
        return begin_stream(last, is_undurable, instead, out);
    if (!is_undurable)
        return write(last, out);
    write_text(last, out);
    shared_.undurable.push_back(counted({.offset = static_cast<std::uint32_t>(begin),
                                         .bytes = static_cast<std::uint32_t>(out.size() - begin),
                                         .instead = instead,
                                         .without_body = head_.is_head,
                                         .close = last,
                                         .keep_alive = head_.is_http_1_0,
                                         .form = head_.refusals,
                                         .is_stream = false},
                                        shared_.reply.status()));
}

void session::begin_next() {
    scanner_.reset();
    if (head_.chunked)
        chunks_.reset();
    head_ = {};
    is_counted_ = false;
}

// A body of lines that ends early may have posted already: a plain refusal would tell the client
// that it may send the request again. The type of both problems, outcome_unknown, is right whether
// the postings are durable or not.
void session::refuse(problem why, std::string& out) {
    const std::unique_ptr<line_body> ended = std::move(lines_);
    const bool has_posted = ended != nullptr && ended->has_posted();
    if (ended != nullptr) {
        shared_.kept_id = ended->request_id();
        shared_.kept_bearer = ended->bearer();
    }
    shared_.reply.set_refusal_form(head_.refusals);
    if (has_posted)
        why = why == problem::disk_hangs ? problem::outcome_unknown : problem::lines_incomplete;
    shared_.reply.refuse(why);
    write(true, out);
    shared_.kept_id = shared_.kept_bearer = {};
}

/// Writes the reply in `shared_.reply`, which may be sent at once.
void session::write(bool last, std::string& out) {
    shared_.figures.count(route_, shared_.reply.status(), shared_.reply.why());
    write_text(last, out);
}

void session::write_text(bool last, std::string& out) {
    const std::size_t begin = out.size();
    phase_ = last ? phase::closing : phase::idle;
    const std::string_view id = request_id();
    write_reply(shared_.reply,
                {.date = shared_.date,
                 .without_body = head_.is_head,
                 .close = last,
                 .keep_alive = head_.is_http_1_0,
                 .request_id = id,
                 .has_timing = head_.wants_timing},
                out);
    if (shared_.log_every == 0 && !head_.wants_timing) [[likely]] {
        ++shared_.replies;  // as note_reply does
        return;
    }
    note_reply(begin, out, head_.wants_timing, shared_.reply.status(),
               shared_.has_kept_line ? std::move(shared_.kept_line) : entry_if_logged(id));
}

/// The id of the request under way: the client's, or a new one.
std::string_view session::request_id() noexcept {
    std::string_view given = shared_.kept_id;
    if (given.empty() && lines_ != nullptr)
        given = lines_->request_id();
    else if (given.empty())
        given = head_.request_id.of(shared_.bytes);
    return is_request_id(given) ? given : shared_.ids.next();
}

/// Null if its request is not logged, or if there is no memory for it: a reply must not get lost.
std::unique_ptr<access_entry> session::entry_if_logged(std::string_view id) noexcept {
    if (shared_.log_every == 0)
        return nullptr;
    if (shared_.until_logged != 0) {
        --shared_.until_logged;
        return nullptr;
    }
    shared_.until_logged = shared_.log_every - 1;
    try {
        auto made = std::make_unique<access_entry>();
        made->id = id;
        made->method = method_name(head_);
        made->path = shared_.routes.path_of(route_);
        made->who =
            shared_.who != nullptr ? std::string_view{shared_.who->name} : shared_.kept_bearer;
        return made;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

/// Counts a reply that begins at `begin`, and notes what is left to do for it.
void session::note_reply(std::size_t begin, const std::string& out, bool is_timed, int status,
                         std::unique_ptr<access_entry> line) noexcept {
    ++shared_.replies;
    shared_.who = nullptr;
    if (line == nullptr && !is_timed)
        return;
    if (line != nullptr) {
        line->status = status;
        line->bytes = out.size() - begin;
    }
    try {
        shared_.notes.push_back({static_cast<std::uint32_t>(begin),
                                 is_timed ? place_of_timing(out, begin) : 0, std::move(line)});
    } catch (const std::bad_alloc&) {  // it is neither timed nor logged
    }
}

void session::time_out(std::string_view bytes, std::string& out) {
    if (phase_ == phase::head || phase_ == phase::body)
        turn_away(bytes, problem::request_timeout, out);
    phase_ = phase::closing;
}

void session::turn_away(std::string_view bytes, problem why, std::string& out) {
    shared_.bytes = bytes;
    refuse(why, out);
    shared_.bytes = {};
}

void session::refuse_without_tls(std::string& out) {
    refuse(problem::tls_missing, out);
}

}  // namespace coffer::http
