#include "api/media_type.hpp"

#include <algorithm>

namespace coffer::api {
namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

bool is_json(std::string_view content_type) noexcept {
    std::string_view media = content_type.substr(0, content_type.find(';'));
    while (!media.empty() && (media.back() == ' ' || media.back() == '\t'))
        media.remove_suffix(1);
    constexpr std::string_view application = "application/";
    constexpr std::string_view suffix = "+json";
    if (equal_ignoring_case(media, "application/json"))
        return true;
    return media.size() > application.size() + suffix.size() &&
           equal_ignoring_case(media.substr(0, application.size()), application) &&
           equal_ignoring_case(media.substr(media.size() - suffix.size()), suffix);
}

}  // namespace coffer::api
