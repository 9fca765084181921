// What a Content-Type field says of a body.
#pragma once

#include <string_view>

namespace coffer::api {

/// application/json or application/<anything>+json (RFC 6839), whatever the parameters.
[[nodiscard]] bool is_json(std::string_view content_type) noexcept;

}  // namespace coffer::api
