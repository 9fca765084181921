#include "ops/byte_size.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace coffer {

std::optional<std::size_t> parse_size(std::string_view text) {
    struct unit {
        std::string_view name;
        std::size_t bytes;
    };
    constexpr std::size_t kib = 1024;
    constexpr std::array units{unit{"", 1}, unit{"KiB", kib}, unit{"MiB", kib * kib},
                               unit{"GiB", kib * kib * kib}};
    std::size_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{})
        return std::nullopt;
    const std::string_view name{stopped, static_cast<std::size_t>(end - stopped)};
    const auto found = std::find_if(units.begin(), units.end(),
                                    [name](const unit& one) { return one.name == name; });
    if (found == units.end() || count > SIZE_MAX / found->bytes)
        return std::nullopt;
    return count * found->bytes;
}

}  // namespace coffer
