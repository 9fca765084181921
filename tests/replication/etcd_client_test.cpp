// The client with a real etcd.
#include "replication/etcd_client.hpp"

#include <string>
#include <thread>

#include "catch.hpp"
#include "replication/real_etcd.hpp"

using namespace std::chrono_literals;
using coffer::replication::comparison;
using coffer::replication::etcd_client;
using coffer::replication::operation;
using coffer::replication::store_error;
using coffer::replication::transaction;
using coffer::test::comes_true;
using coffer::test::create_key;
using coffer::test::has_etcd;
using coffer::test::real_etcd;

namespace {

constexpr auto patience = 60s;

std::string all_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t at = 0; at < size; ++at)
        bytes[at] = static_cast<char>(at * 7 + at / 256);
    return bytes;
}

}  // namespace

TEST_CASE("etcd: carries out one branch of a transaction, and returns its results in order",
          "[etcd]") {
    if (!has_etcd())
        return;
    real_etcd etcd;
    etcd_client client{etcd.access()};
    real_etcd::wait_for(client);

    const std::string value = all_bytes((1 << 20) + 512);
    const auto put = client.transact(create_key("a", value), patience);
    REQUIRE(put);
    CHECK(put.value.succeeded);
    CHECK(put.value.results.size() == 1);

    const auto again = client.transact(create_key("a", "other"), patience);
    REQUIRE(again);
    CHECK_FALSE(again.value.succeeded);
    REQUIRE(again.value.results.size() == 1);
    REQUIRE(again.value.results[0].found.size() == 1);
    CHECK(again.value.results[0].found[0].value == value);
    CHECK(again.value.results[0].found[0].create_revision == put.value.revision);
    CHECK(again.value.results[0].found[0].version == 1);
    CHECK(again.value.revision == put.value.revision);

    const transaction several{
        {{"a", comparison::subject::mod_revision, comparison::relation::less,
          put.value.revision + 1},
         {"a", comparison::subject::version, comparison::relation::greater, 0},
         {"b", comparison::subject::version, comparison::relation::not_equal, 1}},
        {operation::put("b", "2"), operation::put("c", "3"),
         operation::read({"a", "z", 2, true, true}), operation::remove({"a", "b"})},
        {}};
    const auto many = client.transact(several, patience);
    REQUIRE(many);
    REQUIRE(many.value.succeeded);
    REQUIRE(many.value.results.size() == 4);
    REQUIRE(many.value.results[2].found.size() == 2);
    CHECK(many.value.results[2].found[0].key == "c");
    CHECK(many.value.results[2].found[1].key == "b");
    CHECK(many.value.results[2].found[0].value.empty());
    CHECK(many.value.results[2].count == 3);
    CHECK(many.value.results[3].count == 1);

    for (const bool may_be_old : {false, true}) {
        const auto read = client.read({"a", "z", 1}, patience, may_be_old);
        REQUIRE(read);
        REQUIRE(read.value.found.size() == 1);
        CHECK(read.value.found[0].key == "b");
        CHECK(read.value.found[0].value == "2");
        CHECK(read.value.revision == many.value.revision);
    }
}

TEST_CASE("etcd: a lease takes its keys with it, and is missed where it is used", "[etcd]") {
    if (!has_etcd())
        return;
    real_etcd etcd;
    etcd_client client{etcd.access()};
    real_etcd::wait_for(client);

    const auto lease = client.grant_lease(60s, patience);
    REQUIRE(lease);
    CHECK(lease.value.time_to_live >= 60s);
    REQUIRE(client.transact(create_key("leader", "me", lease.value.id), patience));
    const auto kept = client.keep_alive(lease.value.id, patience);
    REQUIRE(kept);
    CHECK(kept.value.time_to_live == lease.value.time_to_live);
    const auto read = client.read({"leader"}, patience);
    REQUIRE(read);
    REQUIRE(read.value.found.size() == 1);
    CHECK(read.value.found[0].lease == lease.value.id);

    REQUIRE(client.revoke_lease(lease.value.id, patience));
    CHECK(client.read({"leader"}, patience).value.found.empty());
    CHECK(client.keep_alive(lease.value.id, patience).error == store_error::no_lease);
    CHECK(client.revoke_lease(lease.value.id, patience).error == store_error::no_lease);
    CHECK(client.transact(create_key("leader", "me", lease.value.id), patience).error ==
          store_error::no_lease);
    CHECK(client.read({"leader"}, patience).value.found.empty());
}

TEST_CASE("etcd: a change of a key is noticed, and nothing else is", "[etcd]") {
    if (!has_etcd())
        return;
    real_etcd etcd;
    etcd_client client{etcd.access()};
    real_etcd::wait_for(client);
    const auto put = client.transact(create_key("a", "1"), patience);
    REQUIRE(put);

    CHECK(client.wait_for_change("a", put.value.revision - 1, patience));
    CHECK_FALSE(client.wait_for_change("a", put.value.revision, 300ms));
    std::thread later{[&] {
        std::this_thread::sleep_for(100ms);
        (void)client.transact({{}, {operation::put("b", "2")}, {}}, patience);
        (void)client.transact({{}, {operation::remove({"a"})}, {}}, patience);
    }};
    const auto begin = std::chrono::steady_clock::now();
    CHECK(client.wait_for_change("a", put.value.revision, 60s));
    CHECK(std::chrono::steady_clock::now() - begin < 30s);
    later.join();
    CHECK(client.read({"a"}, patience).value.found.empty());

    const auto last = client.transact({{}, {operation::put("a", "3")}, {}}, patience);
    REQUIRE(client.compact(last.value.revision, patience) == store_error::none);
    CHECK_FALSE(client.wait_for_change("b", 1, 300ms));
    CHECK(client.wait_for_change("a", put.value.revision, patience));
}

TEST_CASE("etcd: space is got back, and known", "[etcd]") {
    if (!has_etcd())
        return;
    real_etcd etcd{{1, {"--quota-backend-bytes", "67108864"}}};
    etcd_client client{etcd.access()};
    real_etcd::wait_for(client);
    for (int round = 0; round < 8; ++round)
        REQUIRE(client.transact({{}, {operation::put("a", all_bytes(1 << 20))}, {}}, patience));
    const std::string member = client.members()[0];
    const auto before = client.size_of(member, patience);
    REQUIRE(before);
    CHECK(before.value.quota_bytes == 67108864);
    CHECK(before.value.database_bytes > 8 << 20);
    const auto last = client.read({"a"}, patience);
    CHECK(client.compact(last.value.revision, patience) == store_error::none);
    CHECK(client.compact(last.value.revision - 1, patience) == store_error::none);
    CHECK(client.defragment(member, patience) == store_error::none);
    CHECK(comes_true([&] {
        const auto after = client.size_of(member, patience);
        return after && after.value.database_bytes < 4 << 20;
    }));
    CHECK_FALSE(client.has_space_alarm(patience).value);
    CHECK(client.defragment("http://127.0.0.1:1", 2s) == store_error::refused);
}
