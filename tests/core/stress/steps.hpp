// Has threads give way between the steps of the core's protocols, at random, or as a schedule wants
// it. Included before the core.
#pragma once

#include <cstdint>
#include <thread>

#include "core/stress/schedule.hpp"

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

/// Lingers for a moment, so that threads on other cores get in between; now and then gives its own
/// core away, so that those of this one do. Not more often: on a busy machine that takes long.
inline void step() {
    if (schedule::running != nullptr)
        return schedule::running->step();
    if (give_way_once_in == 0 || next_random() % give_way_once_in != 0)
        return;
    if (next_random() % 32 == 0)
        return std::this_thread::yield();
    for (std::uint32_t left = next_random() % 256; left != 0; --left)
        asm volatile("");  // the loop is the purpose
}

}  // namespace coffer::stress

#define COFFER_TEST_STEP() ::coffer::stress::step()
