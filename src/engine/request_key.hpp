// The key that a client gives its request, as it stands in the Idempotency-Key field.
#pragma once

#include <optional>
#include <string_view>

namespace coffer {

/// The key in a field's value: 1 .. 255 visible ASCII characters, in quotes or not, which are no
/// part of it. Nothing if it is none. Thread safety: a pure function.
[[nodiscard]] std::optional<std::string_view> read_request_key(std::string_view field) noexcept;

}  // namespace coffer
