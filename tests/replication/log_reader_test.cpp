#include "replication/log_reader.hpp"

#include <functional>
#include <string>

#include "catch.hpp"
#include "replication/one_node.hpp"

using namespace coffer::replication;
using namespace coffer::test;
using coffer::journal::batch_position;

namespace {

/// Appends so many batches, with a confirmation after each second one.
void append_some(replicated_log& log, int batches) {
    for (int i = 0; i != batches; ++i) {
        const opening_batch one{log.tail()};
        REQUIRE(log.append(one.view));
        REQUIRE(log.wait_durable());
        if (i % 2 == 1)
            REQUIRE(log.confirm());
    }
}

/// Replaces an entry by what `change` makes of it.
void replace(scripted_store& store, std::uint64_t number,
             const std::function<void(log_entry&)>& change) {
    const std::string value = store.state.find(bank.entry(number))->value;
    log_entry one = *decode_entry(value).value;
    change(one);
    transaction asked;
    asked.success = {coffer::replication::operation::put(bank.entry(number), encode(one))};
    REQUIRE(store.state.apply(asked));
}

/// Reads from the beginning to the end, or throws.
std::size_t read_all(one_node& node) {
    auto from = node.reader();
    REQUIRE(from.find(first_position(bank_ledger)) == store_error::none);
    std::size_t count = 0;
    for (auto entries = from.next(); !entries.value.empty(); entries = from.next())
        count += entries.value.size();
    return count;
}

}  // namespace

TEST_CASE("log reader: finds the last entry of any place in the log, and reads on from there",
          "[replication]") {
    scripted_store store;
    one_node node{store};
    const auto log = node.lead(node.take_over());
    append_some(*log, 20);
    CHECK(read_all(node) == 30);  // 20 batches and 10 confirmations; the barrier is before them
    batch_position end = first_position(bank_ledger);
    auto all = node.files.read_from(1);
    for (std::uint64_t record = 0; record != 20; ++record) {
        auto from = node.reader();
        REQUIRE(from.find(end) == store_error::none);
        CHECK(from.now().after == end);
        const auto entries = from.next();
        REQUIRE_FALSE(entries.value.empty());
        CHECK(entries.value[0].kind == entry_kind::batch);  // no mark of the same position is left
        all->next();
        end = all->position();
    }
    auto from = node.reader();
    REQUIRE(from.find(end) == store_error::none);
    CHECK(from.now().number == 31);
    CHECK(from.next().value.empty());
}

TEST_CASE("log reader: refuses a journal that is not in the log", "[replication]") {
    scripted_store store;
    one_node node{store};
    const auto log = node.lead(node.take_over());
    append_some(*log, 3);
    auto from = node.reader();
    batch_position other = node.files.tail();
    other.chain ^= 1;
    CHECK_THROWS_AS(from.find(other), log_contradiction);
    other = node.files.tail();
    ++other.next_record;
    CHECK_THROWS_WITH(from.find(other), coffer::test::Contains(
                                            "record 4 is in the journal here, and not in the log"));
}

TEST_CASE("log reader: tries again where a member of the store is behind", "[replication]") {
    scripted_store store;
    one_node node{store};
    const auto log = node.lead(node.take_over());
    append_some(*log, 3);
    store.be_old();
    append_some(*log, 6);
    auto from = node.reader();
    CHECK(from.find(node.files.tail()) == store_error::unavailable);
    store.be_current();
    CHECK(from.find(node.files.tail()) == store_error::none);
}

TEST_CASE("log reader: notices that its place was trimmed", "[replication]") {
    scripted_store store;
    one_node node{store};
    const auto log = node.lead(node.take_over());
    append_some(*log, 6);
    auto slow = node.reader();
    REQUIRE(slow.find(first_position(bank_ledger)) == store_error::none);
    transaction trim;
    trim.success = {coffer::replication::operation::remove(bank.entries(0, 5))};
    REQUIRE(store.state.apply(trim));
    CHECK_THROWS_AS(slow.next(), behind_the_tail);
    auto from = node.reader();
    CHECK_THROWS_AS(from.find(first_position(bank_ledger)), behind_the_tail);
    CHECK(from.find(node.files.tail()) == store_error::none);
}

TEST_CASE("log reader: refuses entries that do not follow", "[replication]") {
    scripted_store store;
    one_node node{store};
    const auto log = node.lead(node.take_over());
    append_some(*log, 4);
    CHECK(read_all(node) == 6);
    SECTION("for a term that falls") {
        replace(store, 3, [](log_entry& one) { one.term = 1; });
    }
    SECTION("for another ledger") {
        replace(store, 3, [](log_entry& one) { one.ledger[0] = std::byte{1}; });
    }
    SECTION("for another number") {
        replace(store, 3, [](log_entry& one) { one.number = 4; });
    }
    SECTION("for a position that is not that of the batch") {
        replace(store, 3, [](log_entry& one) { ++one.after.next_record; });
    }
    SECTION("for a mark that moves the position") {
        replace(store, 4, [](log_entry& one) { ++one.after.next_record; });
    }
    SECTION("for bytes that are not counted") {
        replace(store, 3, [](log_entry& one) { ++one.total_bytes; });
    }
    SECTION("for a batch that is there twice") {
        const std::string value = store.state.find(bank.entry(2))->value;
        const log_entry before = *decode_entry(value).value;
        replace(store, 3, [&before](log_entry& one) {
            one.batch = before.batch;
            one.after = before.after;
        });
    }
    CHECK_THROWS_AS(read_all(node), log_contradiction);
}

TEST_CASE("log reader: refuses a store that was emptied", "[replication]") {
    scripted_store store;
    one_node node{store};
    store.state = store_state{};
    auto from = node.reader();
    CHECK_THROWS_AS(from.find(first_position(bank_ledger)), log_contradiction);
}
