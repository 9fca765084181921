#include "ops/checksum.hpp"

// Compiled in: no library has to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coffer {

struct running_checksum::state {
    XXH3_state_t of_xxhash;
};

std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
    return XXH3_64bits(bytes.data(), bytes.size());
}

running_checksum::running_checksum() : state_{std::make_unique<state>()} {
    XXH3_64bits_reset(&state_->of_xxhash);
}

running_checksum::~running_checksum() = default;

void running_checksum::add(std::span<const std::byte> part) noexcept {
    XXH3_64bits_update(&state_->of_xxhash, part.data(), part.size());
}

std::uint64_t running_checksum::value() const noexcept {
    return XXH3_64bits_digest(&state_->of_xxhash);
}

}  // namespace coffer
