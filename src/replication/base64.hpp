// Base64 as RFC 4648 has it in section 4, with padding: how etcd's gateway writes bytes in JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coffer::replication {

/// Appends `bytes`. Throws std::bad_alloc.
void append_base64(std::string& out, std::string_view bytes);

/// The bytes of a text; nothing if it is not exactly what append_base64 makes of some bytes.
/// Throws std::bad_alloc.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace coffer::replication
