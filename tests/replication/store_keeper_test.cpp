#include "replication/store_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>

#include "catch.hpp"
#include "replication/stored_log.hpp"
#include "snapshot/captured_log.hpp"

namespace coffer::replication {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

struct kept {
    stored_log log;
    store_room room;
    std::chrono::nanoseconds now{1h};
    std::optional<store_keeper> keeper;
    std::function<bool()> is_stopping = [] { return false; };

    /// Three members, the leader "a", and a quota of 64 MiB, of which 16 MiB are kept.
    explicit kept(std::uint64_t term_of = 1) : room{log.store, {}} {
        log.store.quota_bytes = 64 * mib;
        for (const char* const node : {"a", "b", "c"})
            log.report(node, 0);
        if (term_of != 0)
            log.lead("a");
        measure();
        keeper.emplace(store_keeper::subject{.store = log.store,
                                             .care = log.store,
                                             .room = room,
                                             .keys = log.keys,
                                             .term = log.term,
                                             .within = stored_log::within,
                                             .is_stopping = [this] { return is_stopping(); }});
    }
    void measure() { room.measure(log.last.total_bytes, now); }
    void all_have(std::uint64_t entry) {
        for (const char* const node : {"a", "b", "c"})
            log.report(node, entry);
    }
    void pass(std::uint64_t synced) { keeper->pass(log.last, synced, now); }
    [[nodiscard]] bool has_done(const std::string& what) const {
        return std::ranges::find(log.store.done, what) != log.store.done.end();
    }
};

TEST_CASE("store_keeper: keeps the bytes asked for, at most a quarter of the quota",
          "[replication]") {
    kept of;
    CHECK(of.keeper->kept_bytes() == 16 * mib);
    of.log.store.quota_bytes = 4'096 * mib;
    of.measure();
    CHECK(of.keeper->kept_bytes() == 256 * mib);
}

TEST_CASE("store_keeper: removes what itself and a majority have synced, and compacts",
          "[replication]") {
    kept of;
    of.log.append(100, mib);
    of.log.report("b", 50);
    of.log.report("a", 100);
    SECTION("a majority") {
        of.pass(100);
        CHECK(of.log.first() == 51);
        CHECK(of.keeper->tail_bytes() == 49 * mib);
        CHECK(of.log.store.compacted == of.log.store.revision - 1);
    }
    SECTION("all, but for what is kept") {
        of.all_have(100);
        of.pass(100);
        CHECK(of.log.first() == 84);
        CHECK(of.keeper->removed() == 84);
    }
    SECTION("the leader itself less than the others") {
        of.all_have(100);
        of.pass(20);
        CHECK(of.log.first() == 21);
    }
    SECTION("nothing to remove") {
        of.pass(0);
        of.log.store.done.clear();
        of.pass(0);
        CHECK(of.log.store.done.empty());
    }
}

TEST_CASE("store_keeper: does nothing once another leads", "[replication]") {
    kept of;
    of.log.append(100, mib);
    of.all_have(100);
    of.log.lead("b");
    of.pass(100);
    CHECK(of.log.first() == 0);
    CHECK(of.log.store.done.empty());
}

TEST_CASE("store_keeper: with a majority away the tail grows, and that is logged once",
          "[replication]") {
    const test::captured_log lines;
    kept of;
    of.log.append(31, mib);
    of.log.report("a", 31);
    of.pass(31);
    CHECK(lines.text().empty());
    of.log.append(10, mib);
    of.pass(41);
    CHECK(of.keeper->tail_bytes() == 40 * mib);
    CHECK(lines.text().empty());
    of.now += 10s;
    of.pass(41);
    CHECK(lines.text().find("has 40 MiB, and grows") != std::string::npos);
    CHECK(lines.text().find("(a 31, b 0, c 0)") != std::string::npos);
    of.pass(41);
    CHECK(lines.text().find("grows") == lines.text().rfind("grows"));
    of.all_have(41);
    of.pass(41);
    CHECK(of.keeper->tail_bytes() == 16 * mib);
}

TEST_CASE("store_keeper: a member that is alone by chance removes nothing, and that is logged",
          "[replication]") {
    const test::captured_log lines;
    kept of;
    for (const char* const node : {"b", "c"})
        REQUIRE(remove_member(of.log.store, of.log.keys, node, stored_log::within).value);
    of.log.append(40, mib);
    of.all_have(40);
    of.pass(40);
    of.now += 10s;
    of.pass(40);
    CHECK(of.log.first() == 0);
    CHECK(lines.text().find("by `coffer cluster add` if it is to be alone") != std::string::npos);
    REQUIRE(add_member(of.log.store, of.log.keys, "a", "http://a", stored_log::within).value);
    of.pass(40);
    CHECK(of.log.first() == 24);
}

TEST_CASE("store_keeper: names nodes that still report and are no members, once", "[replication]") {
    const test::captured_log lines;
    kept of;
    REQUIRE(remove_member(of.log.store, of.log.keys, "c", stored_log::within).value);
    of.pass(0);
    of.pass(0);  // it may have gone
    CHECK(lines.text().empty());
    of.log.report("c", 1);
    of.pass(0);
    CHECK(lines.text().find("without waiting for c,") != std::string::npos);
    const std::size_t logged = lines.text().size();
    of.log.report("c", 2);
    of.pass(0);
    CHECK(lines.text().size() == logged);
}

TEST_CASE("store_keeper: waits for a node that catches up, within bounds", "[replication]") {
    kept of;
    of.log.append(40, mib);
    of.all_have(40);
    of.log.report("late", 3, true);
    SECTION("while it reports") {
        for (int i = 0; i != 10; ++i) {
            of.now += 29s;
            of.log.report("late", 3, true);
            of.pass(40);
        }
        CHECK(of.log.first() == 0);
        of.log.report("late", 40, false);
        of.pass(40);
        CHECK(of.log.first() == 24);
    }
    SECTION("until it does not report") {
        of.pass(40);
        of.now += 29s;
        of.pass(40);
        CHECK(of.log.first() == 0);
        of.now += 1s;
        of.pass(40);
        CHECK(of.log.first() == 24);
    }
    SECTION("until the tail has three times the bytes that are kept") {
        of.log.append(8, mib);
        of.pass(40);
        CHECK(of.log.first() == 32);
    }
    SECTION("until the store is tight") {
        of.log.store.states["b"].database_bytes = 42 * mib;
        of.measure();
        of.pass(40);
        CHECK(of.log.first() == 24);
    }
}

TEST_CASE("store_keeper: gives free pages back only where the store is tight and they are enough",
          "[replication]") {
    kept of;
    auto& states = of.log.store.states;
    states["b"].is_leader = true;
    const auto have = [&](std::uint64_t bytes, std::uint64_t free) {
        for (auto& [name, one] : states)
            one = {bytes, free, one.is_leader, true};
        of.measure();
        of.log.store.done.clear();
        of.pass(0);
    };
    have(40 * mib, 30 * mib);
    CHECK_FALSE(of.has_done("defragment a"));
    have(45 * mib, 7 * mib);
    CHECK_FALSE(of.has_done("defragment a"));
    have(45 * mib, 8 * mib);
    CHECK(of.log.store.done ==
          std::vector<std::string>{"defragment a", "defragment c", "defragment b"});
}

TEST_CASE("store_keeper: does not take a second member away, unless the store is full",
          "[replication]") {
    kept of;
    auto& states = of.log.store.states;
    states["c"].answers = false;
    states["a"].database_bytes = 45 * mib;
    states["a"].free_bytes = 20 * mib;
    of.measure();
    of.pass(0);
    CHECK_FALSE(of.has_done("defragment a"));
    states["a"].database_bytes = 52 * mib;
    of.measure();
    of.pass(0);
    CHECK(of.has_done("defragment a"));
}

TEST_CASE("store_keeper: begins nothing more once it is to stop", "[replication]") {
    kept of;
    of.log.store.alarm = true;
    for (auto& [name, one] : of.log.store.states) {
        one.database_bytes = 64 * mib;
        one.free_bytes = 40 * mib;
    }
    of.measure();
    of.is_stopping = [&of] { return of.has_done("defragment a"); };
    of.pass(0);
    CHECK(of.log.store.done == std::vector<std::string>{"defragment a"});
    CHECK(of.log.store.alarm);
}

TEST_CASE("store_keeper: ends an alarm once there is room", "[replication]") {
    kept of;
    of.log.append(60, mib);
    of.all_have(60);
    of.log.store.alarm = true;
    for (auto& [name, one] : of.log.store.states)
        one.database_bytes = 64 * mib;
    of.pass(60);
    CHECK(of.keeper->is_alarmed());
    CHECK(of.log.first() == 44);
    CHECK(of.log.store.alarm);  // nothing was given back yet
    for (auto& [name, one] : of.log.store.states)
        one.free_bytes = 40 * mib;
    of.pass(60);
    CHECK(of.has_done("defragment a"));
    CHECK(of.has_done("defragment b"));
    CHECK(of.has_done("defragment c"));
    CHECK_FALSE(of.log.store.alarm);
    CHECK_FALSE(of.keeper->is_alarmed());
}

TEST_CASE("store_keeper: a standby ends an alarm where there is no leader", "[replication]") {
    kept of{0};
    of.log.append(60, mib);
    of.all_have(60);
    of.pass(60);
    CHECK(of.log.first() == 0);  // no alarm
    of.log.store.alarm = true;
    SECTION("none") {
        of.pass(60);
        CHECK(of.log.first() == 44);
        CHECK_FALSE(of.log.store.alarm);
    }
    SECTION("there is one, which does it") {
        of.log.lead("b");
        of.pass(60);
        CHECK(of.log.first() == 0);
        CHECK(of.log.store.alarm);
    }
}

}  // namespace
}  // namespace coffer::replication
