// What the amount in a body is, found out in a way of its own: slow, simple, and with none of the
// code that it is there to check.
#pragma once

#include <string>
#include <string_view>

#include "fuzz/strict_json.hpp"

namespace coffer::fuzz {

struct exact_amount {
    enum class kind {
        malformed,  ///< no JSON (RFC 8259)
        too_deep,   ///< nested deeper than is looked at here
        missing,
        twice,
        not_a_number,
        too_many_decimals,
        out_of_range,
        not_positive,
        value,
    };
    kind what = kind::malformed;
    std::string minor;  ///< of a value: its digits in cents, perhaps with a sign
};

/// What a value of JSON is as an amount, which may be zero ("0") or below.
[[nodiscard]] exact_amount signed_amount_of(const json_node& value);

/// Looks at most `most_deep` levels into the JSON.
[[nodiscard]] exact_amount read_exactly(std::string_view body, int most_deep);

/// Whether there is something in `body` that the server may refuse to read: an exponent of very
/// many digits.
[[nodiscard]] bool has_huge_exponent(std::string_view body);

}  // namespace coffer::fuzz
