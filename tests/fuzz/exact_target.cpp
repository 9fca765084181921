#include "fuzz/exact_target.hpp"

#include <optional>

#include "fuzz/text.hpp"

namespace coffer::fuzz {
namespace {

using kind = exact_target::kind;

constexpr std::string_view name_signs = "-._~!$&'()*+,;=%";

/// Removes scheme and authority from the front; false if they are not as they should be.
bool take_origin(std::string_view& target) {
    const std::string scheme = in_small_letters(take_until(target, ":"));
    if ((scheme != "http" && scheme != "https") || !target.starts_with("://"))
        return false;
    target.remove_prefix(3);
    return is_authority(take_until(target, "/?"), false);
}

/// `text` with what is percent-encoded decoded, once; nothing if that is not to be done.
std::optional<std::string> decode(std::string_view text) {
    std::string decoded{take_until(text, "%")};
    while (!text.empty()) {
        const std::string_view encoded = text.substr(1, 2);
        if (encoded.size() != 2 || !consists_of(encoded, {hex_digits}))
            return std::nullopt;
        decoded += static_cast<char>(std::stoi(std::string{encoded}, nullptr, 16));
        text.remove_prefix(3);
        decoded += take_until(text, "%");
    }
    return decoded;
}

bool has_controls(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 32 || byte == 127;
    });
}

/// Whether the text is a question mark and what a client may leave as it is behind one; or nothing.
bool is_query(std::string_view text) {
    return !has_controls(text) && text.find_first_of(" \"#<>") == text.npos;
}

/// An address in brackets, perhaps with a zone behind "%25".
bool is_address(std::string_view text) {
    const std::size_t end = text.find("%25");
    if (text.empty() || end == 0 || !consists_of(text.substr(0, end), {hex_digits, ":."}))
        return false;
    if (end == text.npos)
        return true;
    const std::string_view zone = text.substr(end + 3);
    const auto decoded = decode(zone);
    return !zone.empty() && consists_of(zone, {letters, digits, "-._~%"}) && decoded &&
           !has_controls(*decoded);
}

}  // namespace

exact_target read_target(std::string_view target) {
    if (target == "*")
        return {kind::asterisk, "", ""};
    const std::string_view before = target.substr(0, target.find('?'));
    if (before.empty() || !consists_of(before, {letters, digits, name_signs, "/:@[]"}))
        return {};
    if (!decode(before) || has_controls(*decode(before)) || !is_query(target.substr(before.size())))
        return {};
    if (target[0] != '/' && !take_origin(target))
        return {};
    const auto segments = split(take_until(target, "?"), "/");
    if (segments.size() == 2 &&
        (decode(segments[1]) == "readyz" || decode(segments[1]) == "metrics"))
        return {kind::page, *decode(segments[1]), ""};
    if (segments.size() != 4 || decode(segments[1]) != "accounts")
        return {kind::nowhere, "", ""};
    const std::string name = *decode(segments[3]);
    if (name != "balance" && name != "deposit" && name != "withdraw")
        return {kind::nowhere, "", ""};
    return {kind::route, name, *decode(segments[2])};
}

bool is_account_number(std::string_view text) {
    constexpr std::string_view most = "18446744073709551615";
    if (text.empty() || text[0] == '0' || !consists_of(text, {digits}))
        return false;
    return text.size() < most.size() || (text.size() == most.size() && text <= most);
}

bool is_authority(std::string_view text, bool may_be_nameless) {
    if (text.starts_with('[')) {
        text.remove_prefix(1);
        const std::string_view address = take_until(text, "]");
        if (text.empty() || !is_address(address))
            return false;
        text.remove_prefix(1);
    } else {
        const std::string_view name = take_until(text, ":");
        const auto decoded = decode(name);
        if ((name.empty() && !may_be_nameless) || !consists_of(name, {letters, digits, name_signs}))
            return false;
        if (!decoded || has_controls(*decoded))
            return false;
    }
    return text.empty() || (text[0] == ':' && consists_of(text.substr(1), {digits}));
}

}  // namespace coffer::fuzz
