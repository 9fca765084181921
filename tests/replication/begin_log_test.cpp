#include "replication/begin_log.hpp"

#include "catch.hpp"
#include "journal/file_log.hpp"
#include "journal/posix_storage.hpp"
#include "replication/one_node.hpp"
#include "snapshot/temporary_directory.hpp"

using namespace coffer::replication;
using namespace coffer::test;
using coffer::ledger_id;

TEST_CASE("beginning a log: the first node's ledger is that of all", "[replication]") {
    scripted_store store;
    CHECK_FALSE(find_ledger(store, bank, within).value);
    const ledger_id other{std::byte{9}};
    CHECK(begin_log(store, bank, bank_ledger, "a", within).value == bank_ledger);
    CHECK(begin_log(store, bank, other, "b", within).value == bank_ledger);
    CHECK(find_ledger(store, bank, within).value == bank_ledger);
    CHECK(entries_in(store) == 1);
}

TEST_CASE("beginning a log: its first position is that of a journal of files", "[replication]") {
    const temporary_directory place;
    coffer::journal::posix_storage disk{place.path()};
    const auto files = coffer::journal::file_log::create(disk, {.segment_bytes = 1 << 20});
    CHECK(first_position(files->ledger()) == files->tail());
}

TEST_CASE("beginning a log: a lost answer is resolved by asking again", "[replication]") {
    scripted_store store;
    store.next = {delivery::answer_lost};
    CHECK(begin_log(store, bank, bank_ledger, "a", within).error == store_error::unknown);
    CHECK(begin_log(store, bank, bank_ledger, "a", within).value == bank_ledger);
    CHECK(entries_in(store) == 1);
}

TEST_CASE("beginning a log: what is no ledger's id is refused, and so is a log without one",
          "[replication]") {
    scripted_store store;
    transaction asked;
    SECTION("no id") {
        asked.success = {coffer::replication::operation::put(bank.ledger(), "0102")};
    }
    SECTION("a log alone") {
        asked.success = {coffer::replication::operation::put(bank.entry(0), "something")};
    }
    REQUIRE(store.state.apply(asked));
    CHECK_THROWS_AS(begin_log(store, bank, bank_ledger, "a", within), log_contradiction);
}
