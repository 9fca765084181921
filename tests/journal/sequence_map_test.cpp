#include "journal/sequence_map.hpp"

#include <map>
#include <random>

#include "catch.hpp"

using coffer::journal::sequence_map;

TEST_CASE("sequence_map: holds what was set last, and nothing else", "[journal]") {
    std::mt19937_64 random{1};
    sequence_map map;
    for (int round = 0; round != 50; ++round) {
        std::map<std::uint64_t, std::uint64_t> expected;
        const std::uint64_t most = round % 2 == 0 ? 50 : 5'000;
        for (std::uint64_t i = 0; i != most; ++i) {
            const std::uint64_t account = 1 + random() % most;
            map.set(account, i + 1);
            expected[account] = i + 1;
        }
        REQUIRE(map.entries().size() == expected.size());
        for (std::uint64_t account = 0; account <= most + 10; ++account) {
            const auto found = expected.find(account);
            REQUIRE(map.find(account) == (found == expected.end() ? 0 : found->second));
        }
        map.clear();
        REQUIRE(map.entries().empty());
        for (const auto& [account, sequence] : expected)
            REQUIRE(map.find(account) == 0);
    }
}
