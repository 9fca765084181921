#include "journal/checksum.hpp"

// Compiled in here, so that nothing is to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coffer::journal {

std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
    return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace coffer::journal
