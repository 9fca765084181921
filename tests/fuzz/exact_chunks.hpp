// A body in chunks (RFC 9112, section 7.1), read with none of the code that this is there to check.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "fuzz/exact_request.hpp"
#include "http/limits.hpp"

namespace coffer::fuzz {

/// A line of a field, which has a name and a colon.
[[nodiscard]] bool is_field_line(std::string_view line);

[[nodiscard]] bool is_token(std::string_view text);

struct exact_chunks {
    exact_request::verdict what;
    std::size_t size = 0;  ///< of whole ones: all that they take
    std::string content;
};

[[nodiscard]] exact_chunks read_chunks(std::string_view bytes, const http::limits& allowed);

}  // namespace coffer::fuzz
