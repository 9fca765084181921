// The key that a client gives its request, as it stands in the Idempotency-Key field.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "journal/format.hpp"

namespace coffer {

/// Room for the text of a key whose field has escapes.
using request_key_room = std::array<char, journal::format::record::max_key_bytes>;

/// The text of the key in a field's value, 1 .. 255 characters; nothing if the value is no key.
/// A value that begins with a quotation mark is a structured string (RFC 8941, section 3.3.3):
/// its text may have spaces and escapes, and parameters behind it are checked and ignored. Any
/// other value is the text itself, of visible ASCII characters. The result is part of `field` or,
/// if there are escapes, of `room`. Thread safety: a pure function but for `room`.
[[nodiscard]] std::optional<std::string_view> read_request_key(std::string_view field,
                                                               request_key_room& room) noexcept;

}  // namespace coffer
