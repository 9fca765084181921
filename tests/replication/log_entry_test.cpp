#include "replication/log_entry.hpp"

#include <string>

#include "catch.hpp"
#include "replication/one_node.hpp"

using coffer::replication::bytes_of;
using coffer::replication::checksum_of;
using coffer::replication::decode_entry;
using coffer::replication::entry_kind;
using coffer::replication::log_entry;
using coffer::test::bank_ledger;
using coffer::test::opening_batch;

namespace {

log_entry some_entry(const opening_batch& batch) {
    return {.kind = entry_kind::batch,
            .number = 5,
            .term = 17,
            .nonce = 99,
            .total_bytes = 1234,
            .after = batch.view.after(),
            .ledger = bank_ledger,
            .read_lease = std::chrono::milliseconds{60'000},
            .node = "node-a",
            .batch = batch.view.bytes};
}

}  // namespace

TEST_CASE("log entries: are read as they were written", "[replication]") {
    const opening_batch batch{{}};
    const log_entry written = some_entry(batch);
    const std::string value = encode(written);
    CHECK(value.size() == bytes_of(written));
    const auto read = decode_entry(value);
    REQUIRE(read.value);
    CHECK(read.value->kind == entry_kind::batch);
    CHECK(read.value->number == 5);
    CHECK(read.value->term == 17);
    CHECK(read.value->nonce == 99);
    CHECK(read.value->total_bytes == 1234);
    CHECK_FALSE(read.value->is_opening);
    CHECK(read.value->after == batch.view.after());
    CHECK(read.value->ledger == bank_ledger);
    CHECK(read.value->read_lease == std::chrono::seconds{60});
    CHECK(read.value->node == "node-a");
    CHECK(std::ranges::equal(read.value->batch, batch.view.bytes));
}

TEST_CASE("log entries: have another checksum for another attempt", "[replication]") {
    const opening_batch batch{{}};
    log_entry one = some_entry(batch);
    const auto first = checksum_of(encode(one));
    ++one.nonce;
    CHECK(checksum_of(encode(one)) != first);
}

TEST_CASE("log entries: are refused where any byte is damaged, or missing", "[replication]") {
    const opening_batch batch{{}};
    const std::string value = encode(some_entry(batch));
    for (std::size_t i = 0; i != value.size(); ++i) {
        std::string damaged = value;
        damaged[i] = static_cast<char>(damaged[i] ^ 4);
        CHECK_FALSE(decode_entry(damaged).value);
        CHECK_FALSE(decode_entry(std::string_view{value}.substr(0, i)).value);
    }
}

TEST_CASE("log entries: have a batch if their kind has one, and nothing else", "[replication]") {
    const opening_batch batch{{}};
    log_entry one = some_entry(batch);
    one.kind = entry_kind::confirmed;
    CHECK_FALSE(decode_entry(encode(one)).value);
    one.batch = {};
    CHECK(decode_entry(encode(one)).value);
    one.kind = entry_kind::opening;
    CHECK_FALSE(decode_entry(encode(one)).value);
}
