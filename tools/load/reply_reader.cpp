#include "load/reply_reader.hpp"

#include <algorithm>
#include <charconv>

#include <coffer/money.hpp>

namespace coffer::load {
namespace {

constexpr std::size_t most_head_bytes = 16 * 1024;
constexpr std::size_t most_body_bytes = 1024 * 1024;
constexpr std::string_view length_name = "content-length:";
constexpr std::string_view connection_name = "connection:";
constexpr std::string_view location_name = "location:";

/// Whether `line` begins with `name`, which is in small letters, in letters of any size.
bool begins(std::string_view line, std::string_view name) {
    if (line.size() < name.size())
        return false;
    for (std::size_t i = 0; i != name.size(); ++i) {
        const char c = line[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != name[i])
            return false;
    }
    return true;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

template <class Number>
bool parse_number(std::string_view text, Number& into) {
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, into);
    return error == std::errc{} && stopped == end;
}

bool read_status(std::string_view head, reply& into) {
    constexpr std::string_view version = "HTTP/1.1 ";
    return head.starts_with(version) && parse_number(head.substr(version.size(), 3), into.status) &&
           into.status >= 100;
}

/// Whether the fields of a head tell the length of the body.
bool read_fields(std::string_view head, std::size_t& length, reply& into) {
    bool found = false;
    into.close = false;
    into.location = {};
    for (std::size_t end = head.find('\n'); end != head.npos; end = head.find('\n')) {
        head.remove_prefix(end + 1);
        const char first = head.empty() ? '\0' : static_cast<char>(head.front() | 0x20);
        if (first != 'c' && first != 'l')  // most lines are none of ours
            continue;
        const std::string_view line = head.substr(0, head.find('\n'));
        if (first == 'l' && begins(line, location_name))
            into.location = trimmed(line.substr(location_name.size()));
        else if (begins(line, length_name))
            found = parse_number(trimmed(line.substr(length_name.size())), length);
        else if (begins(line, connection_name))
            into.close = begins(trimmed(line.substr(connection_name.size())), "close");
    }
    return found && length <= most_body_bytes;
}

std::string_view text_behind(std::string_view name, std::string_view body) {
    const std::size_t begin = body.find(name);
    if (begin == body.npos)
        return {};
    const std::string_view rest = body.substr(begin + name.size());
    return rest.substr(0, std::min(rest.find('"'), rest.size()));
}

/// Removes what it read from `body`.
std::optional<std::int64_t> next_money(std::string_view name, std::string_view& body) {
    const std::size_t begin = body.find(name);
    if (begin == body.npos)
        return std::nullopt;
    body.remove_prefix(begin + name.size());
    const auto parsed = money::parse(trimmed(body.substr(0, body.find_first_of(",}"))));
    if (!parsed)
        return std::nullopt;
    return parsed.value.minor();
}

}  // namespace

reading read_reply(std::string_view& bytes, reply& into) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == bytes.npos)
        return bytes.size() > most_head_bytes ? reading::malformed : reading::partial;
    const std::string_view head = bytes.substr(0, end + 2);
    std::size_t length = 0;
    if (!read_status(head, into) || !read_fields(head, length, into))
        return reading::malformed;
    const std::size_t body = end + 4;
    if (bytes.size() - body < length)
        return reading::partial;
    into.body = bytes.substr(body, length);
    bytes.remove_prefix(body + length);
    return reading::whole;
}

std::string_view error_type(std::string_view body) {
    return text_behind(R"("type":")", body);
}

std::optional<std::int64_t> next_balance_minor(std::string_view& body) {
    return next_money(R"(balance":)", body);
}

std::optional<std::int64_t> held_minor(std::string_view body) {
    return next_money(R"("held":)", body);
}

std::string_view hold_id(std::string_view body) {
    return text_behind(R"("hold":")", body);
}

}  // namespace coffer::load
