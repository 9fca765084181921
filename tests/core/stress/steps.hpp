// Has threads give way between the steps of the core's protocols, at random. Included before the
// core.
#pragma once

#include <cstdint>
#include <thread>

namespace coffer::stress {

/// How often a step gives way: once in this many, on the average. 0: never.
inline std::uint32_t give_way_once_in = 0;

inline std::uint32_t& random_state() {
    thread_local std::uint32_t state = 1;
    return state;
}

/// Xorshift (Marsaglia, 2003): a few instructions, so that it changes little but the order of
/// things.
[[nodiscard]] inline std::uint32_t next_random() {
    std::uint32_t& x = random_state();
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

inline void step() {
    if (give_way_once_in != 0 && next_random() % give_way_once_in == 0)
        std::this_thread::yield();
}

}  // namespace coffer::stress

#define COFFER_TEST_STEP() ::coffer::stress::step()
