// What keeps a store from filling, with a real etcd of a small quota.
#include <chrono>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include "catch.hpp"
#include "journal/batches.hpp"
#include "journal/memory_log.hpp"
#include "replication/begin_log.hpp"
#include "replication/etcd_client.hpp"
#include "replication/housekeeping.hpp"
#include "replication/members.hpp"
#include "replication/real_etcd.hpp"

namespace coffer::replication {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr key_value_store::timeout within = 60s;
constexpr std::uint64_t mib_to_append = 48;
constexpr auto give_up_after = 4min;  // ctest gives a test 10

/// How much is appended: a run by hand may ask for more.
std::uint64_t bytes_to_append() {
    const char* const asked = std::getenv("COFFER_TEST_QUOTA_MIB");
    return (asked == nullptr ? mib_to_append : std::strtoull(asked, nullptr, 10)) * mib;
}

/// Appends to a log as fast as etcd takes it, as the leader and only member.
struct appending_leader {
    etcd_client client;
    log_keys keys{"bank"};
    leadership rights{node_role::standby};
    vital_signs signs;
    replication_options options;
    test::memory_log files;
    std::optional<replicated_log> log;

    explicit appending_leader(const store_access& access) : client{access} {
        options.node = std::string{"a"};  // GCC 12 warns of a plain text
        real_etcd_is_there();
        REQUIRE(begin_log(client, keys, files.ledger(), "a", within));
        // By name: else nothing is trimmed with a single member.
        REQUIRE(add_member(client, keys, "a", "http://a", within).value);
        campaign stands{
            client, keys, {.node = "a", .url = "http://a", .ledger = files.ledger(), .lease = 60s}};
        REQUIRE(stands.stand().value);
        const auto term = stands.append_barrier({.after = files.tail()});
        REQUIRE(term);
        REQUIRE(term.value);
        rights.become(node_role::leader);
        log.emplace(client, keys, files, rights,
                    replicated_log::settings{.node = "a", .term = *term.value});
    }
    void real_etcd_is_there() { test::real_etcd::wait_for(client); }

    housekeeping::subject subject() {
        return {.store = client,
                .care = client,
                .keys = keys,
                .options = options,
                .rights = rights,
                .signs = signs,
                .report = [this] { return node_report{.url = "http://a", .incarnation = "1"}; },
                .leading = &*log,
                .term = log->reached().term};
    }
};

struct appended {
    std::uint64_t batches = 0;
    std::uint64_t waits = 0;  // for room
    bool saw_alarm = false;
};

appended append_bytes(appending_leader& leader, std::uint64_t bytes) {
    appended done;
    test::deposits made;
    const std::uint64_t begin = leader.log->reached().total_bytes;
    auto next_look = std::chrono::steady_clock::now();
    const auto give_up = next_look + give_up_after;
    while (leader.log->reached().total_bytes - begin < bytes) {
        if (const auto now = std::chrono::steady_clock::now(); now > next_look) {
            REQUIRE(now < give_up);
            next_look = now + 500ms;
            const auto alarm = leader.client.has_space_alarm(within);
            done.saw_alarm = done.saw_alarm || (alarm && alarm.value);
        }
        if (leader.log->room_bytes() == 0) {
            ++done.waits;
            std::this_thread::sleep_for(10ms);
            continue;
        }
        made.append(*leader.log, 2'000);
        ++done.batches;
    }
    return done;
}

std::string figures(const appending_leader& of) {
    std::string text;
    of.signs.metrics.visit([&](const metric_source& one) { one(text); });
    std::string found;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);)
        if (line.front() != '#' && line.find("_seconds_") == std::string::npos)
            (found += line) += ' ';
    return found;
}

TEST_CASE("etcd: a leader that appends more than the quota never meets the alarm", "[etcd]") {
    if (!test::has_etcd())
        return;
    const test::real_etcd etcd{{.arguments = {"--quota-backend-bytes=33554432"}}};
    appending_leader leader{etcd.access()};
    const housekeeping beside{leader.subject()};
    const appended done = append_bytes(leader, bytes_to_append());
    const std::string shown = figures(leader);
    CAPTURE(done.batches, done.waits, shown);
    if (std::getenv("COFFER_TEST_QUOTA_MIB") != nullptr)
        WARN(done.waits << " waits; " << shown);
    CHECK_FALSE(done.saw_alarm);
    CHECK(test::comes_true([&] { return leader.log->room_bytes() != 0; }));
}

TEST_CASE("etcd: a standby ends an alarm where there is no leader", "[etcd]") {
    if (!test::has_etcd())
        return;
    const test::real_etcd etcd{{.arguments = {"--quota-backend-bytes=16777216"}}};
    etcd_client client{etcd.access()};
    test::real_etcd::wait_for(client);
    const log_keys keys{"bank"};
    REQUIRE(begin_log(client, keys, {}, "a", within));
    const transaction put{
        .compare = {}, .success = {operation::put("other", std::string(mib, 'x'))}, .failure = {}};
    auto last = store_error::none;
    for (int i = 0; i != 100 && last != store_error::no_space; ++i)
        last = client.transact(put, within).error;
    REQUIRE(last == store_error::no_space);
    REQUIRE(client.has_space_alarm(within).value);

    leadership rights{node_role::standby};
    vital_signs signs;
    replication_options options;
    options.node = std::string{"a"};
    const housekeeping beside{
        {.store = client,
         .care = client,
         .keys = keys,
         .options = options,
         .rights = rights,
         .signs = signs,
         .report = [] { return node_report{.url = "u", .incarnation = "1"}; }}};
    CHECK(test::comes_true([&] {
        const auto alarm = client.has_space_alarm(within);
        return alarm && !alarm.value;
    }));
    CHECK(test::comes_true([&] { return static_cast<bool>(client.transact(put, within)); }));
}

}  // namespace
}  // namespace coffer::replication
