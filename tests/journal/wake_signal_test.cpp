#include "journal/wake_signal.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "catch.hpp"

using coffer::journal::wake_signal;

TEST_CASE("wake_signal: a wake-up before sleep is not lost", "[journal]") {
    wake_signal signal;
    signal.prepare();
    signal.wake();
    signal.sleep();
    signal.prepare();
    signal.cancel();
    signal.sleep();
    SUCCEED("neither slept");
}

// One that is lost leaves the sleeper asleep for good: the test would not end.
TEST_CASE("wake_signal: of many wake-ups by many threads none is lost", "[journal][stress]") {
    constexpr std::uint64_t rounds = 3'000;
    constexpr std::uint64_t producers = 3;
    wake_signal signal;
    std::atomic<std::uint64_t> published{0};
    std::atomic<std::uint64_t> consumed{0};
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i != producers; ++i)
        threads.emplace_back([&] {
            for (std::uint64_t round = 0; round != rounds; ++round) {
                const std::uint64_t mine = published.fetch_add(1, std::memory_order_seq_cst) + 1;
                signal.wake();
                // Mostly the sleeper is left to fall asleep, at times it is kept busy.
                while (round % 16 != 0 && consumed.load() < mine)
                    std::this_thread::yield();
            }
        });
    std::uint64_t seen = 0;
    while (seen != rounds * producers) {
        const std::uint64_t now = published.load(std::memory_order_seq_cst);
        if (now != seen) {
            seen = now;
            consumed = seen;
            continue;
        }
        signal.prepare();
        if (published.load(std::memory_order_seq_cst) != seen)
            signal.cancel();
        else
            signal.sleep();
    }
    for (std::thread& one : threads)
        one.join();
    REQUIRE(consumed == rounds * producers);
}
