// The client with three members of etcd that are killed and stopped.
#include <csignal>
#include <string>

#include "catch.hpp"
#include "replication/etcd_client.hpp"
#include "replication/real_etcd.hpp"

using namespace std::chrono_literals;
using coffer::replication::etcd_client;
using coffer::replication::key_range;
using coffer::replication::range_result;
using coffer::replication::store_error;
using coffer::test::comes_true;
using coffer::test::create_key;
using coffer::test::has_etcd;
using coffer::test::real_etcd;

namespace {

constexpr auto patience = 2s;  // of a call that is made again

std::string key_of(int number) {
    std::string key{"k"};
    return key.append(std::to_string(number));
}

/// Sends the same transaction until its outcome is known. True if the key has our value.
bool create_surely(etcd_client& client, const std::string& key, const std::string& value) {
    return comes_true([&] {
        const auto found = client.transact(create_key(key, value), patience);
        return found &&
               (found.value.succeeded || (found.value.results.at(0).found.size() == 1 &&
                                          found.value.results.at(0).found[0].value == value));
    });
}

/// The keys of a range, once a reading has an answer.
range_result read_surely(etcd_client& client, const key_range& where, bool may_be_old = false) {
    range_result result;
    REQUIRE(comes_true([&] {
        auto found = client.read(where, patience, may_be_old);
        if (found)
            result = std::move(found.value);
        return static_cast<bool>(found);
    }));
    return result;
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
    const auto found = read_surely(client, {"k", "l"});
    CHECK(found.count == written);
    for (const auto& each : found.found)
        CHECK(each.version == 1);
}

TEST_CASE("etcd: a member that stands still delays one call, and is left out then", "[etcd]") {
    if (!has_etcd())
        return;
    real_etcd etcd{{3}};
    etcd_client client{etcd.access()};
    real_etcd::wait_for(client);
    REQUIRE(create_surely(client, "before", "1"));
    etcd.send(0, SIGSTOP);
    // A client begins with the first member, and keeps to one that has answered.
    etcd_client beginner{etcd.access()};
    const auto unknown = beginner.transact(create_key("during", "1"), patience);
    CHECK(unknown.error == store_error::unknown);
    CHECK(create_surely(beginner, "during", "1"));
    CHECK(read_surely(client, {"during"}).found.size() == 1);
    etcd.send(0, SIGCONT);
    CHECK(create_surely(client, "after", "1"));
    const auto found = read_surely(client, {"during"});
    REQUIRE(found.found.size() == 1);
    CHECK(found.found[0].version == 1);
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
    const auto written = client.transact(create_key("b", "1"), patience);
    CHECK(written.error == store_error::unknown);
    CHECK(client.read({"a"}, patience).error == store_error::unknown);
    CHECK(read_surely(client, {"a"}, true).found.size() == 1);
    CHECK_FALSE(client.grant_lease(3s, patience));

    etcd.start(1);
    CHECK(create_surely(client, "b", "1"));
    const auto found = read_surely(client, {"b"});
    REQUIRE(found.found.size() == 1);
    CHECK(found.found[0].version == 1);
}
