#include "http/head_scanner.hpp"

#include <algorithm>

#include "http/request_syntax.hpp"

namespace coffer::http {
namespace {

using api::problem;

problem check_version(std::string_view version) noexcept {
    if (version == "HTTP/1.1" || version == "HTTP/1.0")
        return problem::none;
    const bool is_version = version.size() == 8 && version.starts_with("HTTP/") &&
                            is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    return is_version ? problem::version_unsupported : problem::request_malformed;
}

problem check_request_line(std::string_view line, std::size_t most_target_bytes) noexcept {
    const std::size_t target = line.find(' ') + 1;
    const std::size_t version = line.rfind(' ') + 1;
    // Exactly two spaces: one before and one after the target.
    if (target <= 1 || version <= target + 1 || line.find(' ', target) + 1 != version)
        return problem::request_malformed;
    if (version - 1 - target > most_target_bytes)
        return problem::target_too_long;
    if (!is_target(line.substr(target, version - 1 - target)))
        return problem::request_malformed;
    return check_version(line.substr(version));
}

problem check_field_line(std::string_view line) noexcept {
    if (line.front() == ' ' || line.front() == '\t')
        return problem::request_malformed;  // folded
    return std::any_of(line.begin(), line.end(), is_control) ? problem::request_malformed
                                                             : problem::none;
}

}  // namespace

std::size_t head_scanner::scan(std::string_view bytes, const limits& allowed) noexcept {
    while (problem_ == problem::none) {
        const std::size_t feed = bytes.find('\n', scanned_);
        if (feed == std::string_view::npos) {
            scanned_ = bytes.size();
            problem_ = check_size(bytes.size(), allowed);
            return 0;
        }
        // The limits come first: they apply even before the line is complete, so the result does
        // not depend on how the bytes are split.
        problem_ = check_size(feed, allowed);
        if (problem_ != problem::none)
            break;
        scanned_ = feed + 1;
        if (feed == line_begin_ || bytes[feed - 1] != '\r') {
            problem_ = problem::request_malformed;
            break;
        }
        const std::string_view line = bytes.substr(line_begin_, feed - 1 - line_begin_);
        if (line.empty() && line_begin_ != 0) {
            problem_ = check_size(scanned_, allowed);
            return problem_ == problem::none ? scanned_ : 0;
        }
        problem_ = line_begin_ == 0 ? check_request_line(line, allowed.target_bytes)
                                    : check_field_line(line);
        line_begin_ = scanned_;
    }
    return 0;
}

problem head_scanner::check_size(std::size_t bytes, const limits& allowed) const noexcept {
    if (line_begin_ == 0 && bytes > allowed.request_line_bytes())
        return problem::target_too_long;
    return bytes > allowed.head_bytes ? problem::head_too_large : problem::none;
}

}  // namespace coffer::http
