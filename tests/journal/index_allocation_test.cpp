// Memory that runs out while a batch is indexed. On its own, since it replaces the allocation of
// its binary.
#include <algorithm>
#include <cstdlib>
#include <new>

#include "catch.hpp"
#include "journal/segment_follower.hpp"
#include "random_journal.hpp"

namespace {

/// How many more allocations succeed before one fails; negative: all do.
thread_local int until_failure = -1;

}  // namespace

// The array and nothrow forms call this one.
void* operator new(std::size_t bytes) {
    void* const memory = until_failure >= 0 && until_failure-- == 0
                             ? nullptr
                             : std::malloc(std::max(bytes, std::size_t{1}));
    if (memory == nullptr)
        throw std::bad_alloc{};
    return memory;
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

using coffer::account_number;
using coffer::test::random_journal;
using namespace coffer::journal;

namespace {

/// Follows up to the end. False if there was no memory.
bool follow_all(segment_follower& follower) {
    try {
        while (follower.follow() != segment_follower::step::at_end) {
        }
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

}  // namespace

TEST_CASE("segment_follower: no posting is left out where memory runs out in a batch",
          "[journal]") {
    random_journal some{1, 1 << 20};
    some.open();
    some.append(60);
    REQUIRE(list_segments(some.files).size() == 1);
    segment_follower right{some.files, some.progress};
    right.begin(1);
    REQUIRE(follow_all(right));
    bool had_enough = false;
    int begun_again = 0;
    for (int allocations = 0; !had_enough; ++allocations) {
        INFO("after " << allocations << " allocations");
        segment_follower follower{some.files, some.progress};
        follower.begin(1);
        until_failure = allocations;
        had_enough = follow_all(follower);
        until_failure = -1;
        if (!follower.is_sound()) {
            ++begun_again;
            follower.begin(1);
        }
        REQUIRE(follow_all(follower));
        REQUIRE(follower.position() == right.position());
        for (account_number account = 1; account <= random_journal::accounts; ++account) {
            const auto expected = right.current()->latest(account, history::any_sequence);
            const auto found = follower.current()->latest(account, history::any_sequence);
            REQUIRE(found.has_value() == expected.has_value());
            if (found)
                REQUIRE(found->first_sequence + found->postings ==
                        expected->first_sequence + expected->postings);
        }
    }
    REQUIRE(begun_again != 0);
}
