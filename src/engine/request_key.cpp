#include "engine/request_key.hpp"

#include <bit>

#include "engine/structured_string.hpp"

// Compiled into this file, so that there is no library to link.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coffer {

std::optional<std::string_view> read_request_key(std::string_view field,
                                                 request_key_room& room) noexcept {
    std::optional<std::string_view> text = field;
    if (field.starts_with('"'))
        text = read_structured_string(field, room);
    else if (field.find(' ') != field.npos)
        return std::nullopt;
    return text && journal::is_request_key(*text) ? text : std::nullopt;
}

journal::request_fingerprint fingerprint_of(std::span<const std::uint64_t> kind_and_rest) noexcept {
    static_assert(std::endian::native == std::endian::little);
    const XXH128_hash_t found = XXH3_128bits(kind_and_rest.data(), kind_and_rest.size_bytes());
    return {found.low64, found.high64};
}

}  // namespace coffer
