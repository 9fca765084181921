#include "journal/replay.hpp"

#include <functional>
#include <vector>

#include "catch.hpp"
#include "journal/journal_error.hpp"

using coffer::errc;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using namespace coffer::journal;

namespace {

constexpr money cents(std::int64_t minor) {
    return money::from_minor(minor);
}

/// Replays records as one batch. Returns why they are refused, or an empty text.
std::string replay(replayer& into, const std::vector<record>& records) {
    batch_builder batch;
    for (const record& one : records) {
        std::vector<std::byte> bytes(format::record::max_bytes);
        bytes.resize(encode(one, bytes));
        batch.add(bytes);
    }
    try {
        into.apply(batch.seal({100, 0, 0}, {5}), "a file, offset 9");
    } catch (const journal_error& refused) {
        return refused.what();
    }
    return {};
}

void require_account(const coffer::ledger& ledger, const posting& expected) {
    const posting found = ledger.balance(expected.account).posting;
    REQUIRE(found.sequence == expected.sequence);
    REQUIRE(found.balance == expected.balance);
    REQUIRE(ledger.durable_sequence(expected.account) == expected.sequence);
}

const std::vector<record> a_history{
    record::of_opening({7, 1, cents(100)}),
    record::of_opening({8, 1, cents(0)}),
    record::of_deposit({7, 2, cents(150)}, cents(50)),
    record::of_transfer({7, 3, cents(120)}, {8, 2, cents(30)}, cents(30)),
    record::of_refusal(errc::insufficient_funds, {8, 2, cents(30)}, {"k", {}}),
    record::of_refusal(errc::no_such_account, {9, 0, {}}, {"l", {}}),
    record::of_withdrawal({8, 3, cents(29)}, cents(1)),
};

}  // namespace

TEST_CASE("replay: does what the journal says", "[journal]") {
    coffer::ledger ledger;
    std::vector<std::string> keys;
    replayer into{ledger, [&keys](const record& one, const batch_stamp& of, std::uint64_t) {
                      REQUIRE(of.time_ns == 5);
                      keys.emplace_back(one.key.text);
                  }};
    REQUIRE(replay(into, a_history).empty());
    require_account(ledger, {7, 3, cents(120)});
    require_account(ledger, {8, 3, cents(29)});
    REQUIRE(into.counts().records == 7);
    REQUIRE(into.counts().skipped == 0);
    REQUIRE(keys == std::vector<std::string>{"", "", "", "", "k", "l", ""});
}

TEST_CASE("replay: skips what the snapshot has", "[journal]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 3, cents(120)}));
    REQUIRE(ledger.restore({8, 2, cents(30)}));
    replayer into{ledger};
    REQUIRE(replay(into, a_history).empty());
    require_account(ledger, {7, 3, cents(120)});
    require_account(ledger, {8, 3, cents(29)});
    REQUIRE(into.counts().skipped == 4);
}

TEST_CASE("replay: names the place and the account where it does not follow", "[journal]") {
    coffer::ledger ledger;
    replayer into{ledger};
    REQUIRE(replay(into, a_history).empty());
    const auto refusal = [&into](const record& one) { return replay(into, {one}); };
    REQUIRE(refusal(record::of_deposit({7, 5, cents(121)}, cents(1))) ==
            "a file, offset 9: record 100: posting 5 of account 7 comes after posting 3");
    REQUIRE(refusal(record::of_deposit({7, 4, cents(122)}, cents(1))) ==
            "a file, offset 9: record 100: posting 4 of account 7 leaves a balance of 1.21, but "
            "the journal says 1.22");
    REQUIRE(refusal(record::of_withdrawal({8, 4, cents(0)}, cents(30))) ==
            "a file, offset 9: record 100: posting 4 of account 8 cannot be made after the one "
            "before it");
    REQUIRE(refusal(record::of_refusal(errc::insufficient_funds, {8, 9, cents(30)}, {})) ==
            "a file, offset 9: record 100: posting 9 of account 8 has not been, but refuses a "
            "request");
    REQUIRE(refusal(record::of_deposit({99, 2, cents(5)}, cents(1))) ==
            "a file, offset 9: record 100: posting 2 of account 99 comes after posting 0");
}

TEST_CASE("replay: refuses a snapshot that has half of a transfer, or another balance",
          "[journal]") {
    ledger half;
    REQUIRE(half.restore({7, 3, cents(120)}));
    REQUIRE(half.restore({8, 1, cents(0)}));
    replayer into_half{half};
    REQUIRE(replay(into_half, a_history) ==
            "a file, offset 9: record 103: posting 2 of account 8 is half of a transfer whose "
            "other half is in the snapshot");
    ledger other;
    REQUIRE(other.restore({7, 1, cents(101)}));
    replayer into_other{other};
    REQUIRE(replay(into_other, a_history) ==
            "a file, offset 9: record 100: posting 1 of account 7 has another balance than the "
            "snapshot says");
}
