#include "http/session.hpp"

#include "api/router.hpp"
#include "http/reply_writer.hpp"

namespace coffer::http {

using api::problem;

std::size_t session::feed(std::string_view bytes, std::string& out, std::size_t most_requests) {
    std::size_t used = 0;
    has_more_ = waits_for_teller_ = false;
    for (; phase_ != phase::closing && used != bytes.size(); --most_requests) {
        has_more_ = most_requests == 0 || out.size() >= shared_.limits.output_bytes;
        if (has_more_)
            break;
        const std::size_t taken = feed_one(bytes.substr(used), out);
        if (taken == 0)
            break;
        used += taken;
    }
    has_more_ = has_more_ || waits_for_teller_;
    return used;
}

// One request, or an empty line before it (RFC 9112, section 2.2). Zero if it is not all there, if
// it was refused, or if it is to wait for the teller.
std::size_t session::feed_one(std::string_view bytes, std::string& out) {
    if (phase_ == phase::idle) {
        if (bytes.starts_with("\r\n"))
            return 2;
        if (bytes == "\r")
            return 0;
        phase_ = phase::head;
    }
    if (phase_ == phase::head && !feed_head(bytes, out))
        return 0;
    if (!feed_body(bytes.substr(head_size_), out))
        return 0;
    const std::size_t size = head_size_ + body_size_;
    return answer(bytes, out) ? size : 0;
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
    if (head_.problem != problem::none) {
        refuse(head_.problem, out);
        return false;
    }
    if (turns_away_) {
        turn_away(out);
        return false;
    }
    body_size_ = head_.content_length;
    phase_ = phase::body;
    const bool client_waits = head_.expects_continue && bytes.size() == head_size_;
    return !client_waits || ask_for_body(bytes, out);
}

// RFC 9110, section 10.1.1. A client whose body does not matter is told the answer instead. It may
// send the body all the same or not, so that nothing can follow on this connection.
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
    if (!head_.chunked)
        return bytes.size() >= body_size_;
    if (chunks_.done())  // and its request has waited for the teller
        return true;
    body_size_ += chunks_.take(bytes.substr(body_size_), shared_.limits);
    if (chunks_.problem_found() != problem::none) {
        refuse(chunks_.problem_found(), out);
        return false;
    }
    return chunks_.done();
}

api::request session::request_in(std::string_view bytes, std::string_view body) const {
    return {.method = head_.method,
            .target = head_.target.of(bytes),
            .content_type = head_.content_type.of(bytes),
            .body = body,
            .accept = head_.accept.of(bytes),
            .idempotency_key = head_.idempotency_key.of(bytes),
            .idempotency_keys = head_.idempotency_keys,
            .encoded = head_.encoded_content};
}

/// False if the request is to wait for the teller.
bool session::answer(std::string_view bytes, std::string& out) {
    const std::string_view body =
        head_.chunked ? chunks_.content() : bytes.substr(head_size_, body_size_);
    coffer::teller& teller = shared_.teller;
    const teller::ticket due = teller.due();
    const std::uint64_t postings = teller.postings();
    api::handle(shared_.routes, teller, request_in(bytes, body), shared_.reply);
    waits_for_teller_ = is_patient_ && teller.was_full();
    if (waits_for_teller_)
        return false;
    const bool nothing_left = bytes.size() == head_size_ + body_size_;
    const bool last = !head_.keep_alive || (draining_ && nothing_left);
    if (teller.due() == due)
        write(last, out);
    else
        write_undurable(
            last, teller.postings() != postings ? problem::outcome_unknown : problem::disk_hangs,
            out);
    scanner_.reset();
    if (head_.chunked)
        chunks_.reset();
    head_ = {};
    return true;
}

void session::refuse(problem why, std::string& out) {
    shared_.reply.refuse(why);
    write(true, out);
}

void session::write(bool last, std::string& out) {
    phase_ = last ? phase::closing : phase::idle;
    write_reply(shared_.reply,
                {.date = shared_.date,
                 .without_body = head_.is_head,
                 .close = last,
                 .keep_alive = head_.is_http_1_0},
                out);
}

void session::write_undurable(bool last, problem instead, std::string& out) {
    const std::size_t begin = out.size();
    write(last, out);
    shared_.undurable.push_back({.offset = static_cast<std::uint32_t>(begin),
                                 .bytes = static_cast<std::uint32_t>(out.size() - begin),
                                 .instead = instead,
                                 .without_body = head_.is_head,
                                 .close = last,
                                 .keep_alive = head_.is_http_1_0});
}

void session::time_out(std::string& out) {
    if (phase_ == phase::head || phase_ == phase::body)
        refuse(problem::request_timeout, out);
    phase_ = phase::closing;
}

void session::turn_away(std::string& out) {
    refuse(problem::unavailable, out);
}

}  // namespace coffer::http
