#include "engine/event_blocks.hpp"

#include <memory>
#include <string>

#include "catch.hpp"

using coffer::event_block;
using coffer::event_blocks;

namespace {

std::shared_ptr<const event_block> block(std::uint64_t after, std::uint64_t through,
                                         std::size_t bytes = 0) {
    event_block made{.after = after, .through = through};
    made.lines.assign(bytes, 'x');
    return std::make_shared<const event_block>(std::move(made));
}

struct idle_job final : coffer::history_job {
    void read(coffer::journal::history&) override {}
};

}  // namespace

TEST_CASE("event_blocks: a block is found by each record in it", "[engine]") {
    event_blocks kept;
    CHECK(kept.find(0) == nullptr);
    const auto first = block(0, 10);
    const auto second = block(10, 12);
    const auto inside = block(4, 30);
    kept.add(first);
    kept.add(second);
    CHECK(kept.find(0) == first);
    CHECK(kept.find(9) == first);
    CHECK(kept.find(10) == second);
    CHECK(kept.find(12) == nullptr);
    kept.add(inside);
    CHECK(kept.find(3) == first);
    CHECK(kept.find(4) == inside);
}

TEST_CASE("event_blocks: memory is bounded, and the first that came goes first", "[engine]") {
    constexpr std::size_t each = 10'000;
    constexpr std::size_t most = 3 * (each + 1'000);
    event_blocks kept{most};
    for (std::uint64_t i = 0; i != 100; ++i) {
        kept.add(block(i, i + 1, each));
        CHECK(kept.bytes() <= most);
    }
    CHECK(kept.find(95) == nullptr);
    CHECK(kept.find(97) != nullptr);
    CHECK(kept.find(99) != nullptr);
    for (int i = 0; i != 100; ++i)  // the same once more takes the place of the one before
        kept.add(block(99, 100, each));
    CHECK(kept.find(97) != nullptr);
    kept.add(block(200, 201, 10 * most));  // one is always kept
    CHECK(kept.find(200) != nullptr);
    CHECK(kept.find(99) == nullptr);
}

TEST_CASE("event_blocks: one reader at a time asks for what comes after a record", "[engine]") {
    event_blocks kept;
    auto first = std::make_shared<idle_job>();
    const auto second = std::make_shared<idle_job>();
    CHECK(kept.claim(5, first));
    CHECK(!kept.claim(5, second));
    CHECK(kept.claim(6, second));
    first.reset();  // it was not asked for, or its reader is gone and it was refused
    CHECK(kept.claim(5, second));
    for (std::uint64_t i = 0; i != 1000; ++i)
        CHECK(kept.claim(100 + i, std::make_shared<idle_job>()));
    CHECK(!kept.claim(6, std::make_shared<idle_job>()));
}
