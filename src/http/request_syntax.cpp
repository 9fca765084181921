#include "http/request_syntax.hpp"

#include <algorithm>

namespace coffer::http {
namespace {

constexpr bool is_unreserved_or_delimiter(char c) noexcept {
    return is_letter(c) || is_digit(c) ||
           std::string_view{"-._~!$&'()*+,;=%"}.find(c) != std::string_view::npos;
}

constexpr character_set name_characters{is_unreserved_or_delimiter};
constexpr character_set path_characters{[](char c) noexcept {
    return is_unreserved_or_delimiter(c) ||
           std::string_view{"/:@[]"}.find(c) != std::string_view::npos;
}};
// The characters that the WHATWG's URL standard does not encode in a query, and all bytes above
// 127, which some clients send unencoded.
constexpr character_set query_characters{[](char c) noexcept {
    return !is_control(c) && std::string_view{" \t\"#<>"}.find(c) == std::string_view::npos;
}};
constexpr character_set address_characters{
    [](char c) noexcept { return hex_value(c) >= 0 || c == ':' || c == '.'; }};
constexpr character_set zone_characters{[](char c) noexcept {
    return is_letter(c) || is_digit(c) ||
           std::string_view{"-._~%"}.find(c) != std::string_view::npos;
}};
constexpr character_set digits{is_digit};

/// The size of the scheme with its slashes; 0 if the target is not an http or https URL.
std::size_t scheme_size(std::string_view target) noexcept {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.size() > scheme.size() &&
            std::equal(scheme.begin(), scheme.end(), target.begin(),
                       [](char due, char found) { return due == lower(found); }))
            return scheme.size();
    }
    return 0;
}

/// Whether each percent sign begins an encoded byte, and none of them is a control character.
bool is_encoded_well(std::string_view text) noexcept {
    for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
        if (text.size() - at < 3)
            return false;
        const int high = hex_value(text[at + 1]);
        const int low = hex_value(text[at + 2]);
        if (high < 0 || low < 0)
            return false;
        const int value = high * 16 + low;
        if (value < 0x20 || value == 0x7f)
            return false;
    }
    return true;
}

/// Whether this is an IPv6 address with an optional zone (RFC 6874), as between brackets.
bool is_bracketed_address(std::string_view text) noexcept {
    constexpr std::string_view separator = "%25";
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view address = text.substr(0, end);
    if (address.empty() || !address_characters.has_all_of(address))
        return false;
    if (end == text.size())
        return true;
    const std::string_view zone = text.substr(end + separator.size());
    return !zone.empty() && zone_characters.has_all_of(zone) && is_encoded_well(zone);
}

}  // namespace

bool is_target(std::string_view text) noexcept {
    if (text == "*")
        return true;
    const std::size_t end = std::min(text.find('?'), text.size());
    const std::string_view path = text.substr(0, end);
    if (text.empty() || !path_characters.has_all_of(path) || !is_encoded_well(path) ||
        !query_characters.has_all_of(text.substr(end)))
        return false;
    if (text.front() == '/')
        return true;
    const std::size_t scheme = scheme_size(text);
    const std::string_view rest = text.substr(scheme);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
    // A Host field may be without a name, a URL may not (RFC 9110, section 4.2.1).
    return scheme != 0 && !host.empty() && host.front() != ':' && is_host(host);
}

std::string_view path_of(std::string_view target) noexcept {
    const std::size_t scheme = scheme_size(target);
    if (scheme == 0)
        return target;
    const std::size_t path = target.find_first_of("/?", scheme);
    if (path != std::string_view::npos && target[path] == '/')
        return target.substr(path);
    return target.substr(scheme - 1, 1);  // an empty path means "/": the scheme's last one
}

std::string_view authority_of(std::string_view target) noexcept {
    const std::size_t scheme = scheme_size(target);
    return scheme == 0 ? std::string_view{}
                       : target.substr(scheme, target.find_first_of("/?", scheme) - scheme);
}

bool is_host(std::string_view text) noexcept {
    const bool bracketed = text.starts_with('[');
    const std::size_t name_end = bracketed ? text.find(']') : text.find(':');
    if (bracketed && name_end == std::string_view::npos)
        return false;
    const std::string_view name = text.substr(bracketed ? 1 : 0, name_end - (bracketed ? 1 : 0));
    std::string_view port = name_end == std::string_view::npos ? "" : text.substr(name_end);
    if (bracketed)
        port.remove_prefix(1);
    if (!port.empty() && port.front() != ':')
        return false;
    const bool is_name = bracketed ? is_bracketed_address(name)
                                   : name_characters.has_all_of(name) && is_encoded_well(name);
    return is_name && digits.has_all_of(port.substr(port.empty() ? 0 : 1));
}

}  // namespace coffer::http
