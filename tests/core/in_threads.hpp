// Runs one function in many threads at once.
#pragma once

#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

namespace coffer::tests {

/// Calls `work(index)` in `count` threads, none of which begins before all are there, and returns
/// when all are done. Catch2's assertions are not for other threads: check what they leave.
template <class Work>
void in_threads(std::size_t count, Work work) {
    std::latch all_there{static_cast<std::ptrdiff_t>(count)};
    std::vector<std::thread> threads;
    for (std::size_t index = 0; index != count; ++index)
        threads.emplace_back([&all_there, &work, index] {
            all_there.arrive_and_wait();
            work(index);
        });
    for (std::thread& one : threads)
        one.join();
}

}  // namespace coffer::tests
