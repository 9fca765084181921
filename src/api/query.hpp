// Reads the query of a request's target: limit=100&after=10001.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "api/problem.hpp"

namespace coffer::api {

/// What a query has for one of its parameters, percent-decoded.
class query_value {
public:
    /// No value that an endpoint takes is longer.
    static constexpr std::size_t max_bytes = 128;

    [[nodiscard]] bool is_present() const noexcept { return is_present_; }
    [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

private:
    friend struct query_reader;

    std::array<char, max_bytes> text_;
    std::size_t size_ = 0;
    bool is_present_ = false;
};

struct query_problem {
    api::problem problem = problem::none;
    std::string_view name{};  ///< the parameter's
};

/// Reads the parameters that have these names; all others are ignored. `values` has one for each
/// name and is overwritten. Refused are a parameter that appears twice (parameter_twice), and one
/// whose percent-encoding is malformed or whose value is too long (parameter_invalid). A `+` is a
/// plus sign. Allocates nothing. Thread safety: any thread, with values of its own.
[[nodiscard]] query_problem read_query(std::string_view query,
                                       std::span<const std::string_view> names,
                                       std::span<query_value> values) noexcept;

/// How many entries a page is to have: what a parameter asks for, 1 to `most`; `usual` where it is
/// absent; nothing if it is wrong.
[[nodiscard]] std::optional<std::size_t> page_limit(const query_value& asked, std::size_t usual,
                                                    std::size_t most) noexcept;

}  // namespace coffer::api
