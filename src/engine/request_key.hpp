// The key that a client gives its request in the Idempotency-Key field, and the fingerprint that
// tells two requests with the same key apart.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

#include "journal/format.hpp"
#include "journal/record.hpp"

namespace coffer {

/// Room for the text of a key whose field has escapes.
using request_key_room = std::array<char, journal::format::record::max_key_bytes>;

/// The text of the key in a field's value, 1 .. 255 characters; nothing if the value is no key.
/// A value that begins with a quotation mark is a structured string (RFC 8941, section 3.3.3): its
/// text may have spaces and escapes, and parameters after it are checked and ignored. Any other
/// value is the text itself, of visible ASCII characters. The result is part of `field` or, if
/// there are escapes, of `room`. Thread safety: a pure function but for `room`.
[[nodiscard]] std::optional<std::string_view> read_request_key(std::string_view field,
                                                               request_key_room& room) noexcept;

/// XXH3-128 of three 64-bit integers, little-endian: the operation as the journal numbers it, which
/// stands for method and path; the account; the amount in minor units. The journal keeps it, so it
/// must not change. Thread safety: a pure function.
[[nodiscard]] journal::request_fingerprint fingerprint_of(journal::posting_operation what,
                                                          account_number account,
                                                          money amount) noexcept;

}  // namespace coffer
