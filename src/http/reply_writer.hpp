// From a reply to its bytes.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "api/reply.hpp"

namespace coffer::http {

/// The value of a Date field (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string date_text(std::time_t now);

/// Replaces `out` by that, without an allocation where `out` has had a date before.
void put_date(std::time_t now, std::string& out);

/// What the connection says along with a reply.
struct reply_framing {
    std::string_view date;
    bool without_body = false;  ///< the reply to a HEAD request
    bool close = false;         ///< the last reply on this connection
    bool chunked = false;       ///< its body is a stream, and follows in chunks
    bool keep_alive = false;    ///< said aloud, for HTTP/1.0
};

/// Appends the whole reply to `out`.
void write_reply(const api::reply&, const reply_framing&, std::string& out);

/// Appends the interim reply that asks for the body (RFC 9110, section 15.2.1).
void write_continue(std::string& out);

}  // namespace coffer::http
