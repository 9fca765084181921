// Parses HTTP replies. Minimal, since it trusts the framing of the server: the generator shares the
// machine with what it measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace coffer::load {

/// One reply. The views refer to the bytes that it was read from.
struct reply {
    int status = 0;
    std::string_view body;
    bool close = false;           ///< the server closes the connection after this reply
    std::string_view location{};  ///< the value of that field
};

enum class reading : std::uint8_t { whole, partial, malformed };

/// Parses the reply at the beginning of `bytes` and removes it from them; if it is incomplete,
/// `bytes` do not change. Only replies with a Content-Length are supported.
[[nodiscard]] reading read_reply(std::string_view& bytes, reply& into);

/// Returns the `type` in the body of an error; empty if there is none.
[[nodiscard]] std::string_view error_type(std::string_view body);

/// Returns the first balance or new balance in the body of a success, in cents, and removes from
/// `body` what was read.
[[nodiscard]] std::optional<std::int64_t> next_balance_minor(std::string_view& body);

/// Returns how much holds hold of the account in the body of a success, in cents; nothing if it
/// does not say.
[[nodiscard]] std::optional<std::int64_t> held_minor(std::string_view body);

/// Returns the id of the hold in the body of a success; empty if there is none.
[[nodiscard]] std::string_view hold_id(std::string_view body);

}  // namespace coffer::load
