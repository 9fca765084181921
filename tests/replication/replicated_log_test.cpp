#include "replication/replicated_log.hpp"

#include <vector>

#include "catch.hpp"
#include "journal/appender.hpp"
#include "replication/one_node.hpp"

using namespace coffer::replication;
using namespace coffer::test;
using namespace std::chrono_literals;
using coffer::journal::appender;
using coffer::journal::log_errc;

namespace {

/// A store, a node that leads, and its log.
struct leader {
    scripted_store store;
    one_node node{store};
    won_term won = node.take_over();
    std::unique_ptr<replicated_log> log = node.lead(won);

    leader() { node.now = won.answer_from; }
    /// Appends a batch as the journal does, until it is known what has become of it.
    appender::result append(int attempts = 5) {
        appender to{*log};
        const opening_batch one{to.end()};
        appender::result made = to.append(one.view);
        for (int i = 0; i != attempts && made == appender::result::unknown; ++i)
            made = to.append(one.view);
        return made;
    }
};

}  // namespace

TEST_CASE("replicated log: a batch is in the log once, whatever becomes of requests and answers",
          "[replication]") {
    leader one;
    const std::vector<delivery> lost{delivery::answer_lost, delivery::request_lost,
                                     delivery::delayed,     delivery::not_sent,
                                     delivery::full,        delivery::full_but_carried};
    const delivery first = lost[GENERATE(0U, 1U, 2U, 3U, 4U, 5U)];
    const delivery second = lost[GENERATE(0U, 1U, 2U, 3U, 4U, 5U)];
    one.store.next = {first, second};
    CHECK(one.append() == appender::result::durable);
    one.store.deliver();
    CHECK(one.append() == appender::result::durable);
    CHECK(entries_in(one.store) == 4);
    CHECK(one.log->unknown_outcomes() == 2);
    CHECK(one.log->tail().next_record == 3);
    CHECK(one.log->reached().number == 3);
    CHECK(one.node.batches->all().size() == 2);
}

TEST_CASE("replicated log: the files have a batch only once the log has it", "[replication]") {
    leader one;
    one.store.on_transaction = [&one](const transaction& asked) {
        const auto number = bank.entry_number(asked.success[0].range.key);
        REQUIRE(number);
        CHECK(one.node.batches->all().size() == *number - 2);  // not those of this entry or later
    };
    one.store.next = {delivery::request_lost};
    for (int i = 0; i != 3; ++i)
        CHECK(one.append() == appender::result::durable);
}

TEST_CASE("replicated log: while the outcome of a batch is unknown, no other is taken",
          "[replication]") {
    leader one;
    const opening_batch batch{one.log->tail()};
    auto stamp = one.log->tail();
    ++stamp.time_ns;
    const opening_batch other{stamp};
    one.store.next = {delivery::answer_lost};
    REQUIRE(one.log->append(batch.view));
    CHECK(one.log->wait_durable().error == log_errc::unknown);
    CHECK(one.log->append(other.view).error == log_errc::unexpected);
    CHECK(one.log->append(batch.view));
    CHECK(one.log->wait_durable());
}

TEST_CASE("replicated log: a deposed leader appends nothing more, and says why", "[replication]") {
    leader one;
    lose_key(one.store);
    SECTION("before anybody else leads") {
        CHECK(one.append() == appender::result::failed);
    }
    SECTION("after another node has taken its place in the log") {
        one_node next{one.store, "b"};
        static_cast<void>(next.take_over());
        CHECK(one.append() == appender::result::failed);
        CHECK(entries_in(one.store) == 3);
    }
    SECTION("where its heartbeat notices it") {
        CHECK_FALSE(one.log->beat());
        CHECK(one.append() == appender::result::failed);
    }
    CHECK_FALSE(one.log->beat());
    CHECK_FALSE(one.log->is_refused());
    CHECK_THAT(one.log->check_in_place().reason,
               coffer::test::Contains("leader's key") || coffer::test::Contains("taken over"));
    CHECK(one.node.batches->all().empty());
}

TEST_CASE("replicated log: a batch that the log took before the term was lost is durable",
          "[replication]") {
    leader one;
    one.store.next = {delivery::answer_lost};
    appender to{*one.log};
    const opening_batch batch{to.end()};
    CHECK(to.append(batch.view) == appender::result::unknown);
    lose_key(one.store);
    CHECK(to.append(batch.view) == appender::result::durable);
    CHECK_FALSE(one.log->beat());
}

TEST_CASE("replicated log: nothing is acknowledged or answered before the term may answer",
          "[replication]") {
    leader one;
    one.node.now = one.won.barrier_at;
    CHECK(one.log->beat());
    CHECK_FALSE(one.node.rights.may_answer_at(one.node.now));
    CHECK(one.append() == appender::result::durable);
    CHECK(one.node.now == one.won.answer_from);
    CHECK(one.log->beat());
    CHECK(one.node.rights.may_answer_at(one.node.now));
}

TEST_CASE("replicated log: the right to answer counts from before a request was sent",
          "[replication]") {
    leader one;
    const auto sent = one.node.now;
    one.store.on_transaction = [&one](const transaction&) { one.node.now += 400ms; };
    SECTION("of a heartbeat") {
        CHECK(one.log->beat());
    }
    SECTION("of an append") {
        CHECK(one.append() == appender::result::durable);
    }
    CHECK(one.node.rights.may_answer_at(sent + 1s - 1ns));
    CHECK_FALSE(one.node.rights.may_answer_at(sent + 1s));
    one.store.next = {delivery::answer_lost};
    CHECK(one.log->beat());
    one.log->keep_alive();
    CHECK(one.store.kept_alive == 1);
    CHECK_FALSE(one.node.rights.may_answer_at(sent + 1s));
}

TEST_CASE(
    "replicated log: a confirmation is an entry of its own, also after one whose answer was "
    "lost",
    "[replication]") {
    leader one;
    CHECK(one.log->confirm());
    CHECK(entries_in(one.store) == 3);
    one.store.next = {delivery::answer_lost};
    CHECK(one.log->confirm().error == log_errc::unknown);
    CHECK(one.log->confirm());
    CHECK(entries_in(one.store) == 5);
    one.store.next = {delivery::answer_lost};
    CHECK(one.log->confirm().error == log_errc::unknown);
    lose_key(one.store);
    CHECK(one.log->confirm().error == log_errc::failed);
}

TEST_CASE("replicated log: a batch of no records is left out", "[replication]") {
    leader one;
    coffer::journal::batch_builder builder;
    const auto before = one.log->tail();
    REQUIRE(one.log->append(builder.seal(before, {5, 5})));
    CHECK(one.log->wait_durable());
    CHECK(one.log->tail() == before);
    CHECK(entries_in(one.store) == 2);
}

TEST_CASE("replicated log: has no room while the store has none", "[replication]") {
    leader one;
    CHECK(one.log->room_bytes() > 0);
    one.log->set_store_has_room(false);
    CHECK(one.log->room_bytes() == 0);
    one.log->set_store_has_room(true);
    one.store.next = {delivery::full, delivery::full};
    CHECK(one.append(1) == appender::result::unknown);
    CHECK(one.log->room_bytes() == 0);
}

TEST_CASE("replicated log: a batch that the files have no room for is durable once they have",
          "[replication]") {
    leader one;
    one.node.files.room = false;
    appender to{*one.log};
    const opening_batch batch{to.end()};
    CHECK(to.append(batch.view) == appender::result::unknown);
    CHECK(to.append(batch.view) == appender::result::unknown);
    one.node.files.room = true;
    CHECK(to.append(batch.view) == appender::result::durable);
    CHECK(entries_in(one.store) == 3);
}

TEST_CASE("replicated log: a refusal that is for good ends the term", "[replication]") {
    leader one;
    one.store.next = {delivery::refused};
    CHECK(one.append() == appender::result::failed);
    CHECK_FALSE(one.log->beat());
    CHECK(one.log->is_refused());
}

TEST_CASE("replicated log: the first accounts are marked until all of them are there",
          "[replication]") {
    leader one;
    CHECK(one.won.barrier.is_opening);
    one.log->mark_opening(true);
    CHECK(one.append() == appender::result::durable);
    CHECK(one.log->reached().kind == entry_kind::opening);
    CHECK(one.log->confirm());
    CHECK(one.log->reached().is_opening);
    one.log->mark_opening(false);
    CHECK(one.append() == appender::result::durable);
    CHECK_FALSE(one.log->reached().is_opening);
}

TEST_CASE("replicated log: begins where the files end, or not at all", "[replication]") {
    scripted_store store;
    one_node node{store};
    won_term won = node.take_over();
    ++won.barrier.after.next_record;
    CHECK_THROWS_AS(node.lead(won), coffer::journal::journal_error);
}
