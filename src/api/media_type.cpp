#include "api/media_type.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace coffer::api {
namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// Takes what stands before the next separator from the front of `text`, with the separator.
std::string_view take_until(char separator, std::string_view& text) noexcept {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    return trimmed(part);
}

/// A qvalue (RFC 9110, section 12.4.2) in thousandths: "1", "0.7", "0.125".
std::optional<int> quality(std::string_view text) noexcept {
    constexpr std::size_t longest = std::string_view{"0.000"}.size();
    if (text.empty() || text.size() > longest || (text[0] != '0' && text[0] != '1') ||
        (text.size() > 1 && text[1] != '.'))
        return std::nullopt;
    int thousandths = 0;
    for (std::size_t i = 0; i != longest; ++i) {
        if (i == 1)
            continue;
        const char digit = i < text.size() ? text[i] : '0';
        if (digit < '0' || digit > '9')
            return std::nullopt;
        thousandths = thousandths * 10 + (digit - '0');
    }
    return thousandths <= 1000 ? std::optional{thousandths} : std::nullopt;
}

/// The quality in the parameters behind a media range; 1000 if they have none.
std::optional<int> quality_of(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        std::string_view value = take_until(';', parameters);
        if (equal_ignoring_case(take_until('=', value), "q"))
            return quality(trimmed(value));
    }
    return 1000;
}

/// How exactly a media range names a type.
enum class precision { none, any, subtypes, named };

precision precision_of(std::string_view range, std::string_view type) noexcept {
    if (equal_ignoring_case(range, type))
        return precision::named;
    if (range == "*/*")
        return precision::any;
    const bool is_of_all = range.ends_with("/*");
    const std::string_view main = range.substr(0, range.size() - (is_of_all ? 1 : 0));
    return is_of_all && equal_ignoring_case(main, type.substr(0, type.find('/') + 1))
               ? precision::subtypes
               : precision::none;
}

/// The quality of a type by the ranges that name it most exactly, of those that are at least so
/// exact; 0 if there are none.
int quality_in(std::string_view accept, std::string_view type, precision least) noexcept {
    int found = 0;
    while (!accept.empty()) {
        std::string_view parameters = take_until(',', accept);
        const precision exactness = precision_of(take_until(';', parameters), type);
        if (exactness < least)
            continue;
        const auto asked = quality_of(parameters);
        if (!asked)
            continue;
        found = exactness > least ? *asked : std::max(found, *asked);
        least = exactness;
    }
    return found;
}

/// Whether some type in the field ends in `+json`. Quick: it is asked of every request.
bool names_suffix_json(std::string_view accept) noexcept {
    constexpr std::string_view suffix = "json";
    while (true) {
        accept.remove_prefix(std::min(accept.find('+'), accept.size()));
        if (accept.empty())
            return false;
        accept.remove_prefix(1);
        if (equal_ignoring_case(accept.substr(0, suffix.size()), suffix))
            return true;
    }
}

}  // namespace

bool is_json(std::string_view content_type) noexcept {
    if (content_type == json)
        return true;  // as nearly all are
    const std::string_view media = take_until(';', content_type);
    constexpr std::string_view application = "application/";
    constexpr std::string_view suffix = "+json";
    if (equal_ignoring_case(media, json))
        return true;
    return media.size() > application.size() + suffix.size() &&
           equal_ignoring_case(media.substr(0, application.size()), application) &&
           equal_ignoring_case(media.substr(media.size() - suffix.size()), suffix);
}

bool is_ndjson(std::string_view content_type) noexcept {
    return equal_ignoring_case(take_until(';', content_type), ndjson);
}

std::size_t preferred(std::string_view accept, std::span<const std::string_view> offered) noexcept {
    if (accept.empty())
        return 0;
    std::size_t chosen = 0;
    int best = quality_in(accept, offered[0], precision::any);
    for (std::size_t i = 1; i != offered.size(); ++i) {
        const int asked = quality_in(accept, offered[i], precision::named);
        if (asked > best || (asked == best && asked != 0 && chosen == 0)) {
            chosen = i;
            best = asked;
        }
    }
    return chosen;
}

bool prefers_problem_json(std::string_view accept) noexcept {
    static constexpr std::array<std::string_view, 2> forms{json, problem_json};
    return names_suffix_json(accept) && preferred(accept, forms) == 1;
}

}  // namespace coffer::api
