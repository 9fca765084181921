// Reads sizes: "65536", "64KiB", "1MiB", "2GiB".
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace coffer {

/// Nothing if the text is no size, or one that does not fit.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);

}  // namespace coffer
