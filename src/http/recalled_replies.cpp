#include "http/recalled_replies.hpp"

#include <algorithm>
#include <charconv>

#include "http/reply_writer.hpp"

namespace coffer::http {
namespace {

using api::problem;

constexpr std::string_view begin_of_reply = "HTTP/1.1 ";

/// A reply as it was written.
struct written_reply {
    std::string_view whole;
    std::string_view head;
    std::string_view body;  // empty for a HEAD, too
    bool has_content = false;
};

std::size_t content_length(std::string_view head) noexcept {
    constexpr std::string_view name = "\r\nContent-Length: ";
    std::size_t length = 0;
    if (const std::size_t at = head.find(name); at != head.npos)
        std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
    return length;
}

// That the reply to a HEAD has no body is not written in it; but no body begins as a reply does.
written_reply first_of(std::string_view replies) noexcept {
    constexpr std::string_view end_of_head = "\r\n\r\n";
    const std::size_t head_bytes =
        std::min(replies.find(end_of_head), replies.size() - end_of_head.size()) +
        end_of_head.size();
    written_reply found;
    found.head = replies.substr(0, head_bytes);
    const std::size_t length = content_length(found.head);
    found.has_content = length != 0;
    if (!replies.substr(head_bytes).starts_with(begin_of_reply))
        found.body = replies.substr(head_bytes, length);
    found.whole = replies.substr(0, head_bytes + found.body.size());
    return found;
}

bool is_refusal_by_balance(std::string_view body) noexcept {
    return body.find(api::describe(problem::funds_insufficient).message) != body.npos ||
           body.find(api::describe(problem::balance_out_of_range).message) != body.npos;
}

/// What to say instead; none if it may be sent.
problem instead_of(const written_reply& one) noexcept {
    const std::string_view status = one.head.substr(begin_of_reply.size(), 3);
    if (!one.has_content || one.head.find("\r\nIdempotent-Replayed:") != one.head.npos)
        return problem::none;
    // Nothing was posted, but the balance that decided it may not be durable.
    if (status == "400")
        return is_refusal_by_balance(one.body) ? problem::disk_hangs : problem::none;
    if (status != "200")
        return problem::none;
    if (one.body.find("\"new_balance\"") != one.body.npos)
        return problem::outcome_unknown;
    // The reply to a HEAD may be that of a balance.
    if (one.body.empty() || one.body.find("\"balance\"") != one.body.npos)
        return problem::disk_hangs;
    return problem::none;
}

}  // namespace

std::string recall_replies(std::string_view replies, session_context& shared) {
    std::string out;
    while (!replies.empty()) {
        const written_reply one = first_of(replies);
        replies.remove_prefix(one.whole.size());
        const problem why = instead_of(one);
        if (why == problem::none) {
            out += one.whole;
            continue;
        }
        shared.reply.refuse(why);
        write_reply(
            shared.reply,
            {.date = shared.date,
             .without_body = one.body.empty(),
             .close = one.head.find("\r\nConnection: close\r\n") != one.head.npos,
             .keep_alive = one.head.find("\r\nConnection: keep-alive\r\n") != one.head.npos},
            out);
    }
    return out;
}

}  // namespace coffer::http
