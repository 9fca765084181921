#include "api/route_table.hpp"

#include "api/percent_encoding.hpp"

namespace coffer::api {
namespace {

/// Splits a target at the slashes of its path. False if there is none in front, or too many.
bool split(std::string_view target, path_match& out) noexcept {
    const std::string_view path = target.substr(0, target.find('?'));
    if (path.size() != target.size())
        out.query = target.substr(path.size() + 1);
    out.is_encoded = path.find('%') != path.npos;
    if (!path.starts_with('/'))
        return false;
    if (path.size() == 1)
        return true;
    for (std::size_t begin = 1; out.size != max_path_segments;) {
        const std::size_t end = path.find('/', begin);
        out.segments[out.size++] = path.substr(begin, end - begin);
        if (end == path.npos)
            return true;
        begin = end + 1;
    }
    return false;
}

/// Compares from the last segment on: the first ones are alike in most paths.
bool matches(const path_routes& path, const path_match& found) noexcept {
    if (path.size != found.size)
        return false;
    for (std::size_t i = path.size; i-- != 0;) {
        const std::string_view literal = path.segments[i];
        if (literal.empty() || literal == found.segments[i])
            continue;
        if (!found.is_encoded || path_segment{found.segments[i]}.text() != literal)
            return false;
    }
    return true;
}

/// Whether a target may be of a path, by the first byte of its first segment alone.
bool may_match(const path_routes& path, std::string_view target) noexcept {
    const std::string_view literal = path.segments[0];
    return literal.empty() || target.size() < 2 || target[1] == literal[0] || target[1] == '%';
}

}  // namespace

// Before the body of each POST, of which nearly all have no such rules: so the target is looked at
// only where its first byte is that of a path with rules.
const route* route_table::find_body_rules(std::string_view target) const noexcept {
    for (std::size_t i = 0; i != with_body_rules_size_; ++i) {
        if (!may_match(paths_[with_body_rules_[i]], target))
            continue;
        const route* const found = find(method::post, target);
        return found != nullptr && has_body_rules(*found) ? found : nullptr;
    }
    return nullptr;
}

path_match route_table::find(std::string_view target) const noexcept {
    path_match found;
    if (!split(target, found))
        return found;
    for (const path_routes& one : paths()) {
        if (matches(one, found)) {
            found.path = &one;
            break;
        }
    }
    return found;
}

}  // namespace coffer::api
