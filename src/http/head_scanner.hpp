// Finds the end of a request's head, and refuses what Beast's parser would let through.
//
// RFC 9112 lets a server take a bare LF for a line's end and unfold folded lines. Two parties that
// do so differently disagree on where a request ends, so here a line ends with CRLF and nothing
// else.
#pragma once

#include <cstddef>
#include <string_view>

#include "api/problem.hpp"
#include "http/limits.hpp"

namespace coffer::http {

class head_scanner {
public:
    /// Goes on over `bytes`, the request from its first byte on and at least as long as last time.
    /// Looks at each byte once. `problem_found` says what is wrong with it, if anything.
    /// Returns the head's size with the empty line that ends it, or 0 if that is not there yet.
    [[nodiscard]] std::size_t scan(std::string_view bytes, const limits& allowed) noexcept;

    [[nodiscard]] api::problem problem_found() const noexcept { return problem_; }

    void reset() noexcept { *this = {}; }

private:
    [[nodiscard]] api::problem check_size(std::size_t bytes, const limits& allowed) const noexcept;

    std::size_t scanned_ = 0;
    std::size_t line_begin_ = 0;
    api::problem problem_ = api::problem::none;
};

}  // namespace coffer::http
