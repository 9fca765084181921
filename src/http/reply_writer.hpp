// Writes replies as bytes of HTTP/1.1.
#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "api/reply.hpp"
#include "http/request_ids.hpp"

namespace coffer::http {

/// Formats the value of a Date field (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string date_text(std::time_t now);

/// Replaces `out` by that value. Allocates nothing if `out` held a date before.
void put_date(std::time_t now, std::string& out);

/// The parts of a reply that depend on the connection and the request.
struct reply_framing {
    std::string_view date;
    bool without_body = false;      ///< it answers a HEAD request
    bool close = false;             ///< the last reply on this connection
    bool chunked = false;           ///< its body is a stream that follows in chunks
    bool keep_alive = false;        ///< stated for HTTP/1.0 unless it closes
    std::string_view request_id{};  ///< at most most_request_id_bytes; empty: none is stated
    bool has_timing = false;        ///< it has room for a Server-Timing: see put_timing
};

/// The most bytes of a reply's head. Its largest parts are its fields: those of max_copied_bytes,
/// and those with constant values, of which the longest lists the methods of a path.
inline constexpr std::size_t most_head_bytes = 1024;
/// The most bytes that write_reply appends of a reply that is no stream and has no longer body than
/// there is room for from the beginning.
inline constexpr std::size_t most_short_reply_bytes = most_head_bytes + api::reply::least_bytes;
static_assert(most_head_bytes >= api::reply::max_copied_bytes + most_request_id_bytes + 640);

/// Appends the reply to `out`; of a stream the head alone.
void write_reply(const api::reply&, const reply_framing&, std::string& out);

/// The id of the request that `reply`, written by write_reply, answers; empty if it states none.
[[nodiscard]] std::string_view request_id_of(std::string_view reply) noexcept;
/// Where the values of the Server-Timing are in a reply that begins at `begin`: see put_timing.
[[nodiscard]] std::size_t place_of_timing(std::string_view out, std::size_t begin) noexcept;

/// Appends the interim reply that asks for the body (RFC 9110, section 15.2.1).
void write_continue(std::string& out);

}  // namespace coffer::http
