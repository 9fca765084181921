#include "replication/housekeeping.hpp"

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "catch.hpp"
#include "journal/memory_log.hpp"
#include "replication/stored_log.hpp"
#include "snapshot/captured_log.hpp"

namespace coffer::replication {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

/// A node and its housekeeping, whose pace is a tick of a millisecond.
struct kept_node {
    stored_log log;
    leadership rights{node_role::standby};
    vital_signs signs;
    replication_options options;
    node_report now{.url = "http://a", .incarnation = "1"};
    std::mutex mutex;  // of the report
    test::memory_log files;
    std::optional<replicated_log> leading;

    kept_node() {
        options.node = "a";
        log.store.quota_bytes = 64 * mib;
    }
    void lead() {
        log.lead("a");
        rights.become(node_role::leader);
        log_reader::place end = log.last;
        end.term = log.term;
        end.after = files.tail();
        leading.emplace(
            log.store, log.keys, files, rights,
            replicated_log::settings{.node = "a", .term = {.number = log.term, .barrier = end}});
    }
    housekeeping::subject subject() {
        return {.store = log.store,
                .care = log.store,
                .keys = log.keys,
                .options = options,
                .rights = rights,
                .signs = signs,
                .report =
                    [this] {
                        const std::lock_guard lock{mutex};
                        return now;
                    },
                .leading = leading ? &*leading : nullptr,
                .term = log.term,
                .how_often = {1ms, 2ms, 20ms, 2ms, 5ms, 2ms}};
    }
    [[nodiscard]] std::string figures() const {
        std::string text;
        signs.metrics.visit([&](const metric_source& one) { one(text); });
        return text;
    }
    [[nodiscard]] bool shows(const std::string& figure) const {
        return figures().find("\ncoffer_replication_" + figure + "\n") != std::string::npos;
    }
};

/// Whether it becomes true within a time that only a broken test needs.
bool becomes(const std::function<bool()>& what) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!what()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

TEST_CASE("housekeeping: reports the node, and shows what the others have reported",
          "[replication]") {
    kept_node of;
    of.log.report("b", 7, true);
    of.log.store.put(of.log.keys.member("silent"), R"({"url":"http://s"})");
    of.log.lead("b");
    const housekeeping beside{of.subject()};
    CHECK(becomes([&] { return of.rights.nodes().size() == 3; }));
    const auto nodes = of.rights.nodes();
    CHECK(nodes[0].name == "a");
    CHECK(nodes[0].is_member);
    CHECK_FALSE(nodes[0].is_leader);
    CHECK(nodes[1].is_leader);
    CHECK(nodes[1].is_catching_up);
    CHECK(nodes[2].url == "http://s");
    {
        const std::lock_guard lock{of.mutex};
        of.now.applied_record = 41;
    }
    CHECK(becomes([&] { return of.rights.nodes()[0].applied_record == 41; }));
    CHECK(of.shows("term " + std::to_string(of.log.term)));
    CHECK(of.shows("members 3"));
    CHECK(of.figures().find("store_bytes") == std::string::npos);
}

TEST_CASE("housekeeping: a report that says nothing new is put rarely", "[replication]") {
    kept_node of;
    auto subject = of.subject();
    subject.how_often.report_anyway = 1h;
    int puts = 0;
    of.log.store.fails = [&](const transaction& asked) {
        puts += asked.failure.empty() ? 0 : 1;
        return store_error::none;
    };
    {
        const housekeeping beside{subject};
        CHECK(becomes([&] { return of.rights.nodes().size() == 1; }));
        std::this_thread::sleep_for(50ms);
    }
    CHECK(puts == 1);
}

TEST_CASE("housekeeping: a leader is without room while the store is full", "[replication]") {
    const test::captured_log lines;
    kept_node of;
    of.log.store.states["b"].database_bytes = 60 * mib;
    of.lead();
    {
        const housekeeping beside{of.subject()};
        CHECK(becomes([&] { return of.leading->room_bytes() == 0; }));
        CHECK(becomes([&] { return of.shows("store_has_room 0"); }));
        CHECK(of.shows("store_bytes " + std::to_string(60 * mib)));
        CHECK(of.shows("store_quota_bytes " + std::to_string(64 * mib)));
        of.log.store.give_back("b", 40 * mib);
        CHECK(becomes([&] { return of.leading->room_bytes() != 0; }));
        CHECK(becomes([&] { return of.shows("store_has_room 1"); }));
    }
    CHECK(lines.text().find("the store has 60 of 64 MiB") != std::string::npos);
    CHECK(lines.text().find("b was defragmented") != std::string::npos);
    CHECK(lines.text().find("has room again") != std::string::npos);
}

TEST_CASE("housekeeping: a standby ends an alarm where there is no leader", "[replication]") {
    const test::captured_log lines;
    kept_node of;
    of.log.append(40, mib);
    of.now.synced_entry = 40;
    for (const char* const node : {"a", "b"})
        of.log.report(node, 40);
    of.log.store.alarm = true;
    {
        const housekeeping beside{of.subject()};
        CHECK(becomes([&] { return !of.log.store.has_space_alarm({}).value; }));
    }
    CHECK(of.log.first() == 24);
}

}  // namespace
}  // namespace coffer::replication
