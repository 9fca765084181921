#include "replication/campaign.hpp"

#include "catch.hpp"
#include "replication/one_node.hpp"

using namespace coffer::replication;
using namespace coffer::test;
using namespace std::chrono_literals;

TEST_CASE("campaign: one node at a time has the leader's key", "[replication]") {
    scripted_store store;
    one_node a{store, "a"};
    one_node b{store, "b"};
    auto first = a.standing();
    auto second = b.standing();
    CHECK_FALSE(first.find_leader().value);
    CHECK(first.stand().value);
    CHECK_FALSE(second.stand().value);
    const auto leader = second.find_leader();
    REQUIRE(leader.value);
    CHECK(leader.value->node == "a");
    CHECK(leader.value->url == "http://a");
    first.withdraw();
    CHECK(second.stand().value);
}

TEST_CASE("campaign: a key whose answer was lost is its own", "[replication]") {
    scripted_store store;
    one_node a{store};
    auto standing = a.standing();
    store.next = {delivery::answer_lost};
    CHECK(standing.stand().error == store_error::unknown);
    CHECK(standing.stand().value);
}

TEST_CASE("campaign: the barrier comes after all that is in the log, once", "[replication]") {
    scripted_store store;
    one_node a{store};
    auto from = a.reader();
    REQUIRE(from.find(a.files.tail()) == store_error::none);
    auto standing = a.standing();
    REQUIRE(standing.stand().value);
    SECTION("where its answer was lost") {
        store.next = {delivery::answer_lost};
        CHECK(standing.append_barrier(from.now()).error == store_error::unknown);
    }
    SECTION("where it arrives late") {
        store.next = {delivery::delayed};
        CHECK(standing.append_barrier(from.now()).error == store_error::unknown);
        store.deliver();
    }
    SECTION("where the store says that it is full, and carries it out") {
        store.next = {delivery::full_but_carried};
        CHECK(standing.append_barrier(from.now()).error == store_error::unknown);
    }
    SECTION("where the node has read it before it knows that it is its own") {
        store.next = {delivery::answer_lost};
        CHECK(standing.append_barrier(from.now()).error == store_error::unknown);
        REQUIRE(from.next().value.size() == 1);
    }
    const auto won = standing.append_barrier(from.now());
    REQUIRE(won.value);
    CHECK(won.value->barrier.number == 1);
    CHECK(won.value->barrier.kind == entry_kind::term_begins);
    CHECK(entries_in(store) == 2);
}

TEST_CASE("campaign: entries that were not read come before the barrier", "[replication]") {
    scripted_store store;
    one_node a{store, "a"};
    one_node b{store, "b"};
    auto from = b.reader();
    REQUIRE(from.find(b.files.tail()) == store_error::none);
    static_cast<void>(a.take_over());
    lose_key(store);
    auto standing = b.standing();
    REQUIRE(standing.stand().value);
    const auto early = standing.append_barrier(from.now());
    CHECK(early);
    CHECK_FALSE(early.value);
    REQUIRE(from.next().value.size() == 1);
    const auto won = standing.append_barrier(from.now());
    REQUIRE(won.value);
    CHECK(won.value->barrier.number == 2);
}

TEST_CASE("campaign: a key that was lost on the way begins no term", "[replication]") {
    scripted_store store;
    one_node a{store};
    auto from = a.reader();
    REQUIRE(from.find(a.files.tail()) == store_error::none);
    auto standing = a.standing();
    REQUIRE(standing.stand().value);
    lose_key(store);
    CHECK(standing.append_barrier(from.now()).error == store_error::no_lease);
    CHECK(entries_in(store) == 1);
}

TEST_CASE("campaign: a store that has lost the log is named", "[replication]") {
    scripted_store store;
    one_node a{store};
    static_cast<void>(a.take_over());
    auto from = a.reader();
    REQUIRE(from.find(a.files.tail()) == store_error::none);
    store.state = {};
    auto standing = a.standing();
    REQUIRE(standing.stand().value);
    CHECK_THROWS_AS(standing.append_barrier(from.now()), log_contradiction);
}

TEST_CASE("campaign: a new leader waits for the read lease of the one before it", "[replication]") {
    scripted_store store;
    one_node a{store, "a"};
    one_node b{store, "b"};
    const auto first = a.take_over();
    CHECK(first.answer_from == a.now + 1100ms);
    SECTION("unless that one has handed over") {
        CHECK(a.lead(first)->release());
        CHECK(a.slept == 1100ms);  // the one before it may still answer
        lose_key(store);
        const auto second = b.take_over();
        CHECK(second.was_handed_over);
        CHECK(second.answer_from == b.now);
    }
    SECTION("also where the one before that has handed over") {
        CHECK(a.lead(first)->release());
        lose_key(store);
        static_cast<void>(a.take_over());
        lose_key(store);
        CHECK(b.take_over().answer_from == b.now + 1100ms);
    }
}

TEST_CASE("campaign: a new leader waits for the longer read lease, which may be another's",
          "[replication]") {
    scripted_store store;
    one_node a{store, "a"};
    one_node b{store, "b"};
    one_node c{store, "c"};
    a.read_lease = 10s;
    const auto first = a.take_over();
    CHECK(first.answer_from == a.now + 11s);
    const auto leading = a.lead(first);
    SECTION("after its barrier alone") {
        lose_key(store);
        CHECK(b.take_over().answer_from == b.now + 11s);
    }
    SECTION("after its last entry") {
        CHECK(leading->confirm());
        lose_key(store);
        CHECK(b.take_over().answer_from == b.now + 11s);
    }
    SECTION("also where a leader between them ended before that time, whatever it appended") {
        lose_key(store);
        const auto second = b.take_over();
        const auto between = b.lead(second);
        const opening_batch one{b.files.tail()};
        REQUIRE(between->append(one.view));
        REQUIRE(between->wait_durable());  // and now it is over
        lose_key(store);
        CHECK(c.take_over().answer_from == c.now + 11s);
        REQUIRE(between->beat() == false);
    }
    SECTION("and that of the last leader alone, once it may answer itself") {
        lose_key(store);
        const auto second = b.take_over();
        const auto between = b.lead(second);
        b.now = second.answer_from;
        CHECK(between->confirm());
        lose_key(store);
        CHECK(c.take_over().answer_from == c.now + 1100ms);
    }
    SECTION("and not for one that has handed over") {
        CHECK(leading->release());
        lose_key(store);
        const auto second = b.take_over();
        CHECK(second.answer_from == b.now);
        lose_key(store);
        CHECK(c.take_over().answer_from == c.now + 1100ms);
    }
}
