// The key that a client gives its request in the Idempotency-Key field, and the fingerprint that
// tells two requests with the same key apart.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

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

/// What a request asks for, as the first integer of its fingerprint. The numbers must not change.
enum class request_kind : std::uint8_t {
    opening = 1,      ///< whether a number is given, the number or 0, the opening balance
    deposit = 2,      ///< account, amount
    withdrawal = 3,   ///< account, amount
    closing = 4,      ///< account
    reopening = 5,    ///< account
    transfer = 6,     ///< payer, payee, amount
    transaction = 7,  ///< account and amount of each leg, in the request's order
    hold = 8,         ///< account, amount, whether it expires, in how many ns
    capture = 9,      ///< account, the hold's sequence and slot, amount, whether final, payee
    release = 10,     ///< account, the hold's sequence and slot
};

/// XXH3-128 of 64-bit integers, little-endian: the request's kind, which stands for method and
/// path, and what is beside the kind above; amounts in minor units. The journal keeps it, so it
/// must not change. Thread safety: a pure function.
[[nodiscard]] journal::request_fingerprint fingerprint_of(
    std::span<const std::uint64_t> kind_and_rest) noexcept;

}  // namespace coffer
