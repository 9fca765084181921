#include "api/route_table.hpp"

#include "api/percent_encoding.hpp"

namespace coffer::api {
namespace {

using segments = std::array<std::string_view, max_path_segments>;

/// Splits a path at its slashes. Zero if it has none in front, or too many.
std::size_t split(std::string_view path, segments& out) noexcept {
    std::size_t size = 0;
    while (!path.empty()) {
        if (path.front() != '/' || size == max_path_segments)
            return 0;
        path.remove_prefix(1);
        out[size] = path.substr(0, path.find('/'));
        path.remove_prefix(out[size++].size());
    }
    return size;
}

/// Compares from the last segment on: the first ones are alike in most paths.
bool matches(const path_routes& path, const segments& found, bool is_encoded) noexcept {
    for (std::size_t i = path.size; i-- != 0;) {
        const std::string_view literal = path.segments[i];
        if (literal.empty() || literal == found[i])
            continue;
        if (!is_encoded || path_segment{found[i]}.text() != literal)
            return false;
    }
    return true;
}

}  // namespace

path_match route_table::find(std::string_view target) const noexcept {
    path_match found;
    const std::string_view path = target.substr(0, target.find('?'));
    if (path.size() != target.size())
        found.query = target.substr(path.size() + 1);
    const std::size_t size = split(path, found.segments);
    const bool is_encoded = path.find('%') != path.npos;
    for (const path_routes& one : paths()) {
        if (one.size == size && matches(one, found.segments, is_encoded)) {
            found.path = &one;
            break;
        }
    }
    return found;
}

}  // namespace coffer::api
