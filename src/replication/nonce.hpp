// Random numbers for the entries of a log.
#pragma once

#include <cstdint>
#include <random>

namespace coffer::replication {

/// 64 bits of the system's. Throws std::runtime_error. Thread safety: any thread.
[[nodiscard]] inline std::uint64_t random_nonce() {
    std::random_device source;
    return std::uint64_t{source()} << 32 | source();
}

}  // namespace coffer::replication
