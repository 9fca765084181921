// Reads strings of Structured Field Values for HTTP (RFC 8941).
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace coffer {

/// The text of `field`, an Item of RFC 8941 that is a String: in quotes, with escapes undone, and
/// without its parameters, which have to be well-formed. Nothing if `field` is anything else, or
/// if the text has escapes and is longer than `room`. The result is part of `field` or, if there
/// are escapes, of `room`. Thread safety: a pure function but for `room`.
[[nodiscard]] std::optional<std::string_view> read_structured_string(std::string_view field,
                                                                     std::span<char> room) noexcept;

}  // namespace coffer
