#include "engine/expiry_index.hpp"

#include <atomic>
#include <vector>

#include "catch.hpp"
#include "core/in_threads.hpp"

using coffer::expiry_index;

namespace {

constexpr std::uint32_t chunk_slots = expiry_index::chunk_slots;

}  // namespace

TEST_CASE("expiry_index: at first all is due, and what has no bound is to be looked at",
          "[engine]") {
    expiry_index index;
    CHECK(index.earliest_ns() == 0);
    CHECK(index.begin_round());
    CHECK(index.earliest_ns() == expiry_index::never);
    CHECK_FALSE(index.begin_round());
}

TEST_CASE("expiry_index: has the earliest expiry of each chunk", "[engine]") {
    expiry_index index;
    static_cast<void>(index.begin_round());
    index.note(0, 500);
    index.note(chunk_slots - 1, 400);
    index.note(1, 600);
    index.note(3000 * chunk_slots, 300);
    CHECK(index.earliest_ns() == 300);
    CHECK(index.bound_ns(0) == 400);
    CHECK(index.bound_ns(1) == expiry_index::never);
    CHECK(index.bound_ns(3000) == 300);
    CHECK(index.bound_ns(expiry_index::max_chunks - 1) == expiry_index::never);
    CHECK(index.chunks() == 3001);
}

TEST_CASE("expiry_index: what a round keeps and what is noted meanwhile is the next earliest",
          "[engine]") {
    expiry_index index;
    static_cast<void>(index.begin_round());
    index.note(0, 100);
    index.note(chunk_slots, 200);
    static_cast<void>(index.begin_round());
    index.take(0);
    CHECK(index.bound_ns(0) == expiry_index::never);
    index.keep(1);
    CHECK(index.earliest_ns() == 200);
    index.note(0, 150);
    CHECK(index.earliest_ns() == 150);
    CHECK(index.bound_ns(0) == 150);
}

TEST_CASE("expiry_index: no note is lost beside rounds", "[engine]") {
    constexpr std::size_t notes = 20'000;
    constexpr std::size_t noters = 3;
    expiry_index index;
    static_cast<void>(index.begin_round());
    // What a note promises is made visible before it, as a hold is.
    std::vector<std::atomic<int>> placed(noters * notes);
    std::atomic<std::size_t> ended{0};
    std::size_t found = 0;
    const auto visit = [&](std::size_t chunk) {
        index.take(chunk);
        for (std::size_t slot = chunk * chunk_slots;
             slot != std::min((chunk + 1) * chunk_slots, placed.size()); ++slot)
            if (placed[slot].exchange(0, std::memory_order_relaxed) == 1)
                ++found;
    };
    const auto look = [&] {
        if (index.earliest_ns() == expiry_index::never)
            return false;
        static_cast<void>(index.begin_round());
        for (std::size_t chunk = 0; chunk != index.chunks(); ++chunk)
            if (index.bound_ns(chunk) != expiry_index::never)
                visit(chunk);
        return true;
    };
    coffer::tests::in_threads(noters + 1, [&](std::size_t who) {
        if (who == noters) {
            while (ended.load() != noters)
                static_cast<void>(look());
            return;
        }
        for (std::size_t i = 0; i != notes; ++i) {
            const std::size_t slot = i * noters + who;
            placed[slot].store(1, std::memory_order_relaxed);
            index.note(static_cast<std::uint32_t>(slot), 1);
        }
        ++ended;
    });
    while (look())
        ;
    CHECK(found == noters * notes);
}
