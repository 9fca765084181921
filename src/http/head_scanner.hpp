// Finds the end of a request's head, and refuses malformed heads that Beast's parser accepts.
//
// RFC 9112 permits a server to accept a bare LF as a line's end and to unfold folded lines. Two
// parties that differ in this disagree about where a request ends, so here only CRLF ends a line.
#pragma once

#include <cstddef>
#include <string_view>

#include "api/problem.hpp"
#include "http/limits.hpp"

namespace coffer::http {

class head_scanner {
public:
    /// Continues to scan `bytes`: the request from its first byte, with at least the bytes of the
    /// last call. Each byte is scanned once. Returns the head's size, its last empty line included,
    /// or 0 if the head is incomplete or `problem_found` is set.
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
