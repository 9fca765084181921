#include "engine/request_fingerprint.hpp"

#include <array>
#include <bit>
#include <cstdint>

// Compiled in here, so that nothing is to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coffer {

journal::request_fingerprint fingerprint_of(journal::posting_operation what, account_number account,
                                            money amount) noexcept {
    static_assert(std::endian::native == std::endian::little);
    const std::array<std::uint64_t, 3> all{static_cast<std::uint64_t>(what), account,
                                           static_cast<std::uint64_t>(amount.minor())};
    const XXH128_hash_t found = XXH3_128bits(all.data(), sizeof all);
    return {found.low64, found.high64};
}

}  // namespace coffer
