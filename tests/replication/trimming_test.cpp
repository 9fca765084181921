#include "replication/trimming.hpp"

#include "catch.hpp"
#include "replication/stored_log.hpp"

namespace coffer::replication {
namespace {

trimming trimming_of(stored_log& log) {
    return trimming{log.store, log.keys, log.term, stored_log::within};
}

TEST_CASE("trimming: leaves as many bytes behind as were asked for", "[replication]") {
    stored_log log;
    log.append(100, 10);
    log.lead("a");
    trimming by = trimming_of(log);
    CHECK(by.remove(log.last, 1'000, 205).value == 79);  // 79 has 210 bytes behind it
    CHECK(log.first() == 79);
    CHECK(log.entries().size() == 22);
    CHECK(by.tail_bytes() == 210);
    CHECK(by.removed() == 79);
    CHECK(by.remove(log.last, 1'000, 205).value == 0);
    log.append(1, 10);
    CHECK(by.remove(log.last, 1'000, 205).value == 1);
}

TEST_CASE("trimming: removes nothing above the entry up to which it may", "[replication]") {
    stored_log log;
    log.append(100, 10);
    log.lead("a");
    trimming by = trimming_of(log);
    CHECK(by.remove(log.last, 0, 0).value == 1);
    CHECK(by.remove(log.last, 41, 0).value == 41);
    CHECK(log.first() == 42);
    CHECK(by.remove(log.last, 30, 0).value == 0);
    CHECK(log.first() == 42);
}

TEST_CASE("trimming: never removes the last entry", "[replication]") {
    stored_log log;
    log.append(10, 10);
    log.lead("a");
    trimming by = trimming_of(log);
    CHECK(by.remove(log.last, 1'000, 0).value == 10);
    CHECK(log.entries() == std::vector<std::uint64_t>{10});
    CHECK(by.remove(log.last, 1'000, 0).value == 0);
}

TEST_CASE("trimming: removes many entries in several transactions", "[replication]") {
    stored_log log;
    log.append(2'500, 1);
    log.lead("a");
    int transactions = 0;
    log.store.fails = [&](const transaction& asked) {
        ++transactions;
        CHECK(asked.compare.size() == 2);
        return store_error::none;
    };
    CHECK(trimming_of(log).remove(log.last, 10'000, 100).value == 2'400);
    CHECK(transactions == 3);
}

TEST_CASE("trimming: removes nothing once its term is over", "[replication]") {
    stored_log log;
    log.append(10, 10);
    log.lead("a");
    trimming by = trimming_of(log);
    log.lead("b");
    CHECK(by.remove(log.last, 1'000, 0).error == store_error::refused);
    CHECK(log.entries().size() == 11);
}

TEST_CASE("trimming: without a term, removes only where there is no leader", "[replication]") {
    stored_log log;
    log.append(10, 10);
    trimming by{log.store, log.keys, 0, stored_log::within};
    CHECK(by.remove(log.last, 4, 0).value == 5);
    log.lead("b");
    CHECK(by.remove(log.last, 8, 0).error == store_error::refused);
    CHECK(log.first() == 5);
}

TEST_CASE("trimming: goes on after an answer was lost", "[replication]") {
    stored_log log;
    log.append(2'500, 1);
    log.lead("a");
    trimming by = trimming_of(log);
    int transactions = 0;
    log.store.fails = [&](const transaction&) {
        return ++transactions == 2 ? store_error::unknown : store_error::none;
    };
    CHECK(by.remove(log.last, 10'000, 0).error == store_error::unknown);
    CHECK(log.first() == 1'000);
    CHECK(by.remove(log.last, 10'000, 0).value == 1'500);
    CHECK(log.entries().size() == 1);
}

TEST_CASE("trimming: refuses what is no entry", "[replication]") {
    stored_log log;
    log.append(10, 10);
    log.lead("a");
    log.store.put(log.keys.entry(0), "nothing");
    CHECK(trimming_of(log).remove(log.last, 5, 0).error == store_error::refused);
    CHECK(log.entries().size() == 11);
}

}  // namespace
}  // namespace coffer::replication
