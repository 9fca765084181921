// Media types: what a Content-Type field calls a body, and what an Accept field asks for.
#pragma once

#include <string_view>

namespace coffer::api {

/// The media type of newline-delimited JSON: one JSON document a line.
inline constexpr std::string_view ndjson = "application/x-ndjson";

/// Whether a Content-Type is application/json or application/<anything>+json (RFC 6839), whatever
/// its parameters.
[[nodiscard]] bool is_json(std::string_view content_type) noexcept;

/// Whether a Content-Type is application/x-ndjson, whatever its parameters.
[[nodiscard]] bool is_ndjson(std::string_view content_type) noexcept;

/// Whether an Accept field (RFC 9110, section 12.5.1) names application/x-ndjson, and with no lower
/// quality than application/json. A wildcard never asks for it, so that a client which does not
/// know of lines gets a page. A malformed element is ignored.
[[nodiscard]] bool prefers_ndjson(std::string_view accept) noexcept;

}  // namespace coffer::api
