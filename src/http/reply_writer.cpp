#include "http/reply_writer.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <system_error>

#include "http/reply_notes.hpp"
#include "ops/text.hpp"

namespace coffer::http {

using namespace std::string_view_literals;  // whose sizes the compiler knows

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view no_store = "\r\nCache-Control: no-store";
constexpr std::string_view no_store_and_id = "\r\nCache-Control: no-store\r\nX-Request-Id: ";
constexpr std::string_view id_field = "\r\nX-Request-Id: ";
static_assert(no_store_and_id.ends_with(id_field));
constexpr std::string_view timing_field = "\r\nServer-Timing: ";
// The value is written later, into a place of a fixed width: spaces may precede it, which clients
// are more used to than spaces behind a value.
constexpr std::string_view ledger_part = "ledger;dur=";
constexpr std::string_view disk_part = ", disk;dur=";
constexpr std::size_t most_digits = 12;
constexpr std::size_t timing_bytes = ledger_part.size() + disk_part.size() + 2 * most_digits;

void append_status_line(std::string& out, int status) {
    const auto reason =
        boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    out += "HTTP/1.1 "sv;
    append_number(out, status);
    out += ' ';
    out.append(reason.data(), reason.size());
    out += "\r\n"sv;
}

void append_timing(std::string& out) {
    out += timing_field;
    out.append(timing_bytes, ' ');
}

/// Appends milliseconds, with microseconds, at `at`. More than three years do not fit: nothing.
char* put_value(char* at, std::chrono::nanoseconds took) noexcept {
    using milliseconds = std::chrono::duration<double, std::milli>;
    const auto [end, error] = std::to_chars(at, at + most_digits, milliseconds{took}.count(),
                                            std::chars_format::fixed, 3);
    return error == std::errc{} ? end : at;
}

// In one piece: most replies have it.
void append_tag(std::string& out, std::uint64_t tag) {
    constexpr std::string_view begin = "ETag: \"";
    constexpr std::string_view end = "\"\r\n";
    std::array<char, begin.size() + std::numeric_limits<std::uint64_t>::digits10 + 1 + end.size()>
        text;
    char* at = std::ranges::copy(begin, text.data()).out;
    at = std::to_chars(at, text.data() + text.size(), tag).ptr;
    at = std::ranges::copy(end, at).out;
    out.append(text.data(), static_cast<std::size_t>(at - text.data()));
}

}  // namespace

std::string date_text(std::time_t now) {
    std::string text;
    put_date(now, text);
    return text;
}

void put_date(std::time_t now, std::string& out) {
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    // Not by strftime, whose names depend on the locale.
    char text[64];
    const int size = std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                                   months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                                   utc.tm_hour, utc.tm_min, utc.tm_sec);
    out.assign(text, static_cast<std::size_t>(size));
}

void write_reply(const api::reply& reply, const reply_framing& framing, std::string& out) {
    append_status_line(out, reply.status());
    out += "Date: "sv;
    out += framing.date;
    if (framing.request_id.empty()) {
        out += no_store;
    } else {
        out += no_store_and_id;
        out += framing.request_id;
    }
    if (framing.has_timing) [[unlikely]]
        append_timing(out);
    out += line_end;
    // RFC 9110, section 8.6: a reply that cannot have content has no Content-Length.
    const std::optional<std::size_t> body_bytes = reply.body_bytes();
    if (body_bytes || reply.is_stream()) {
        out += "Content-Type: "sv;
        out += reply.content_type();
        out += "\r\n"sv;
    }
    if (body_bytes) {
        out += "Content-Length: "sv;
        append_number(out, *body_bytes);
        out += "\r\n"sv;
    } else if (framing.chunked) {
        out += "Transfer-Encoding: chunked\r\n"sv;
    }
    if (reply.tag() != 0)
        append_tag(out, reply.tag());
    for (const api::reply_field& field : reply.fields()) {
        out += field.name;
        out += ": "sv;
        out += field.value;
        out += "\r\n"sv;
    }
    if (framing.close)
        out += "Connection: close\r\n"sv;
    else if (framing.keep_alive)
        out += "Connection: keep-alive\r\n"sv;
    out += "\r\n"sv;
    if (!framing.without_body)
        out += reply.body();
}

std::string_view request_id_of(std::string_view reply) noexcept {
    const std::size_t head = reply.find("\r\n\r\n");
    const std::size_t at = reply.find(id_field);
    if (at == reply.npos || at > head)
        return {};
    const std::string_view value = reply.substr(at + id_field.size());
    return value.substr(0, value.find('\r'));
}

std::size_t place_of_timing(std::string_view out, std::size_t begin) noexcept {
    const std::size_t at = out.find(timing_field, begin);
    return at == out.npos ? 0 : at + timing_field.size();
}

void put_timing(std::string& out, std::size_t at, std::chrono::nanoseconds ledger,
                std::chrono::nanoseconds disk) noexcept {
    std::array<char, timing_bytes> text;
    char* end = put_value(std::ranges::copy(ledger_part, text.data()).out, ledger);
    end = put_value(std::ranges::copy(disk_part, end).out, disk);
    const auto room_end = out.begin() + static_cast<std::ptrdiff_t>(at + timing_bytes);
    std::copy_backward(text.data(), end, room_end);
}

void write_continue(std::string& out) {
    out += "HTTP/1.1 100 Continue\r\n\r\n";
}

}  // namespace coffer::http
