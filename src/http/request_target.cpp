#include "http/request_target.hpp"

#include <algorithm>

#include "http/characters.hpp"

namespace coffer::http {
namespace {

constexpr bool is_unreserved_or_delimiter(char c) noexcept {
    return is_letter(c) || is_digit(c) ||
           std::string_view{"-._~!$&'()*+,;=%"}.find(c) != std::string_view::npos;
}

constexpr character_set name_characters{is_unreserved_or_delimiter};
constexpr character_set target_characters{[](char c) noexcept {
    return is_unreserved_or_delimiter(c) ||
           std::string_view{"/:@?[]"}.find(c) != std::string_view::npos;
}};
constexpr character_set address_characters{
    [](char c) noexcept { return hex_value(c) >= 0 || c == ':' || c == '.'; }};
constexpr character_set digits{is_digit};

/// How long the scheme and the slashes are, or 0 if it is no URL of ours.
std::size_t scheme_size(std::string_view target) noexcept {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.size() > scheme.size() &&
            std::equal(scheme.begin(), scheme.end(), target.begin(),
                       [](char due, char found) { return due == lower(found); }))
            return scheme.size();
    }
    return 0;
}

/// Whether each percent sign begins an encoding, and none before the query is of a control
/// character.
bool is_encoded_well(std::string_view target) noexcept {
    const std::size_t query = target.find('?');
    for (std::size_t at = target.find('%'); at != target.npos; at = target.find('%', at + 3)) {
        if (target.size() - at < 3)
            return false;
        const int high = hex_value(target[at + 1]);
        const int low = hex_value(target[at + 2]);
        if (high < 0 || low < 0)
            return false;
        const int value = high * 16 + low;
        if (at < query && (value < 0x20 || value == 0x7f))
            return false;
    }
    return true;
}

}  // namespace

bool is_target(std::string_view text) noexcept {
    if (text == "*")
        return true;
    if (text.empty() || !target_characters.has_all_of(text) || !is_encoded_well(text))
        return false;
    if (text.front() == '/')
        return true;
    const std::size_t scheme = scheme_size(text);
    const std::string_view rest = text.substr(scheme);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
    // A Host field may have no name, a URL may not (RFC 9110, section 4.2.1).
    return scheme != 0 && !host.empty() && host.front() != ':' && is_host(host);
}

std::string_view path_of(std::string_view target) noexcept {
    const std::size_t scheme = scheme_size(target);
    if (scheme == 0)
        return target;
    const std::size_t path = target.find_first_of("/?", scheme);
    if (path != std::string_view::npos && target[path] == '/')
        return target.substr(path);
    return target.substr(scheme - 1, 1);  // no path is the path "/", and there stands one
}

bool is_host(std::string_view text) noexcept {
    const bool bracketed = text.starts_with('[');
    const std::size_t name_end = bracketed ? text.find(']') : text.find(':');
    if (bracketed && name_end == std::string_view::npos)
        return false;
    const std::string_view name = text.substr(bracketed ? 1 : 0, name_end - (bracketed ? 1 : 0));
    std::string_view port = name_end == std::string_view::npos ? "" : text.substr(name_end);
    if (bracketed && name.empty())
        return false;
    if (bracketed)
        port.remove_prefix(1);
    if (!port.empty() && port.front() != ':')
        return false;
    return (bracketed ? address_characters : name_characters).has_all_of(name) &&
           is_encoded_well(name) && digits.has_all_of(port.substr(port.empty() ? 0 : 1));
}

}  // namespace coffer::http
