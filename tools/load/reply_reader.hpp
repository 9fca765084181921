// Bytes to replies, as lean as a client can be that trusts its server's framing: the generator
// shares the machine with what it measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace coffer::load {

/// One reply. The views are into the bytes it was read from.
struct reply {
    int status = 0;
    std::string_view body;
    bool close = false;  ///< the server says that it closes after this one
};

enum class reading : std::uint8_t { whole, partial, malformed };

/// Reads the reply at the beginning of `bytes` and takes it off them; if it is not all there yet,
/// `bytes` stay as they are. Only replies with a Content-Length are understood.
[[nodiscard]] reading read_reply(std::string_view& bytes, reply& into);

/// The `type` of an error's body, empty if it has none.
[[nodiscard]] std::string_view error_type(std::string_view body);

/// The balance, new or not, in a success's body; in cents.
[[nodiscard]] std::optional<std::int64_t> balance_minor(std::string_view body);

}  // namespace coffer::load
