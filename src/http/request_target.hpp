// What a request is for: its target and its host (RFC 9112, sections 3.2 and 7.1; RFC 3986).
#pragma once

#include <string_view>

namespace coffer::http {

/// Whether `text` is a target that this server answers: a path ("/accounts/1/balance?x"), a whole
/// URL of http or https, or "*". Percent-encoding in the path is well-formed and not of a control
/// character. A query may have everything but spaces, control characters, `"`, `<`, `>` and `#`.
[[nodiscard]] bool is_target(std::string_view text) noexcept;

/// The part of a target that says where on the server: a path, perhaps with a query, or "*".
[[nodiscard]] std::string_view path_of(std::string_view target) noexcept;

/// Whether `text` may stand in a Host field: a name or address, perhaps with a port, or
/// nothing. An IPv6 address may have a zone, encoded by RFC 6874 (`[fe80::1%25lo]`).
[[nodiscard]] bool is_host(std::string_view text) noexcept;

}  // namespace coffer::http
