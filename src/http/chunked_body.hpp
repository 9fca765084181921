// A request body in chunks (RFC 9112, section 7.1), taken apart as it arrives.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "api/problem.hpp"

namespace coffer::http {

/// Takes a chunked body apart as it arrives.
class chunked_body {
public:
    chunked_body();
    ~chunked_body();
    chunked_body(chunked_body&&) noexcept;
    chunked_body& operator=(chunked_body&&) noexcept;

    /// Begins a body after the given head, which said it is chunked.
    void begin(std::string_view head);

    /// Takes what it can from the front of `bytes` and returns how much. The content so far is in
    /// `content()`. `problem_found` says what is wrong with it, if anything.
    [[nodiscard]] std::size_t take(std::string_view bytes);

    [[nodiscard]] bool done() const noexcept;
    [[nodiscard]] api::problem problem_found() const noexcept { return problem_; }
    [[nodiscard]] std::string_view content() const noexcept;

private:
    class parser;
    std::unique_ptr<parser> parser_;
    api::problem problem_ = api::problem::none;
};

}  // namespace coffer::http
