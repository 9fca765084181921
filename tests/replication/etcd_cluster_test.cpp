// The client with three members of etcd that are killed and stopped.
#include <csignal>
#include <string>

#include "catch.hpp"
#include "replication/etcd_client.hpp"
#include "replication/real_etcd.hpp"

using namespace std::chrono_literals;
using coffer::replication::comparison;
using coffer::replication::etcd_client;
using coffer::replication::operation;
using coffer::replication::store_error;
using coffer::replication::transaction;
using coffer::test::comes_true;
using coffer::test::has_etcd;
using coffer::test::real_etcd;

namespace {

constexpr auto patience = 2s;

transaction create(const std::string& key, const std::string& value) {
    return {{{key, comparison::subject::create_revision, comparison::relation::equal, 0}},
            {operation::put(key, value)},
            {operation::read({key})}};
}

std::string key_of(int number) {
    std::string key{"k"};
    return key.append(std::to_string(number));
}

/// Sends the same transaction until its outcome is known. True if the key has our value.
bool create_surely(etcd_client& client, const std::string& key, const std::string& value) {
    return comes_true([&] {
        const auto found = client.transact(create(key, value), patience);
        return found &&
               (found.value.succeeded || (found.value.results.at(0).found.size() == 1 &&
                                          found.value.results.at(0).found[0].value == value));
    });
}

}  // namespace

TEST_CASE("etcd: writes go on after the leader of three was killed, and nothing is lost",
          "[etcd]") {
    if (!has_etcd())
        return;
    real_etcd etcd{{3}};
    etcd_client client{etcd.access()};
    real_etcd::wait_for(client);
    int written = 0;
    for (int round = 0; round < 3; ++round) {
        const std::size_t leader = etcd.leader();
        for (int each = 0; each < 10; ++each, ++written) {
            if (each == 5)
                etcd.kill(leader);
            REQUIRE(create_surely(client, key_of(written), std::to_string(round)));
        }
        etcd.start(leader);
        REQUIRE(comes_true([&] { return static_cast<bool>(client.read({"k0"}, patience)); }));
        REQUIRE(comes_true([&] {
            etcd_client alone{{{etcd.urls()[leader]}}};
            const auto found = alone.read({"k", "l"}, patience);
            return found && found.value.count == written;
        }));
    }
    const auto found = client.read({"k", "l"}, patience);
    REQUIRE(found);
    CHECK(found.value.count == written);
    for (const auto& each : found.value.found)
        CHECK(each.version == 1);
}

TEST_CASE("etcd: a member that stands still delays one call, and is left out then", "[etcd]") {
    if (!has_etcd())
        return;
    real_etcd etcd{{3}};
    etcd_client client{etcd.access()};
    real_etcd::wait_for(client);
    // The client keeps to the member that has answered, the first.
    REQUIRE(create_surely(client, "before", "1"));
    etcd.send(0, SIGSTOP);
    const auto unknown = client.transact(create("during", "1"), 300ms);
    CHECK(unknown.error == store_error::unknown);
    CHECK(create_surely(client, "during", "1"));
    CHECK(client.read({"during"}, patience).value.found.size() == 1);
    etcd.send(0, SIGCONT);
    CHECK(create_surely(client, "after", "1"));
    const auto found = client.read({"during"}, patience);
    REQUIRE(found);
    REQUIRE(found.value.found.size() == 1);
    CHECK(found.value.found[0].version == 1);
}

TEST_CASE("etcd: without a majority a write is unknown, and a reading has no answer", "[etcd]") {
    if (!has_etcd())
        return;
    real_etcd etcd{{3}};
    etcd_client client{etcd.access()};
    real_etcd::wait_for(client);
    REQUIRE(create_surely(client, "a", "1"));
    etcd.kill(1);
    etcd.kill(2);
    // The member that is left may believe for a while that it leads.
    const auto written = client.transact(create("b", "1"), 500ms);
    CHECK(written.error == store_error::unknown);
    CHECK(client.read({"a"}, 500ms).error == store_error::unknown);
    const auto old = client.read({"a"}, patience, true);
    REQUIRE(old);
    CHECK(old.value.found.size() == 1);
    CHECK_FALSE(client.grant_lease(3s, 300ms));

    etcd.start(1);
    CHECK(create_surely(client, "b", "1"));
    const auto found = client.read({"b"}, patience);
    REQUIRE(found.value.found.size() == 1);
    CHECK(found.value.found[0].version == 1);
}
