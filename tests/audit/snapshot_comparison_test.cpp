// Snapshots that are wrong, each with the right checksum, but for the last.
#include "audit/snapshot_comparison.hpp"

#include <filesystem>
#include <string>

#include "catch.hpp"
#include "planted_data.hpp"

using coffer::money;
using coffer::test::planted_data;
using namespace coffer::audit;

namespace {

void require_one(const report& found, const std::filesystem::path& file,
                 coffer::account_number account, const std::string& what) {
    INFO(to_text(found));
    REQUIRE(found.faults.count() == 1);
    const fault& only = found.faults.kept().front();
    REQUIRE(only.file == file.string());
    REQUIRE(only.account == account);
    REQUIRE_THAT(only.what, coffer::test::Contains(what));
}

/// Records 1 to 3 open accounts 7, 8 and 9.
struct three_accounts : planted_data {
    three_accounts() {
        open(7, 10'000);
        open(8, 5'000);
        open(9, 0);
        commit();
    }
};

}  // namespace

TEST_CASE("snapshot: one that has postings of records in its window holds", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    data.deposit(7, 250);
    data.transfer(7, 9, 300);
    data.commit();
    text.accounts = data.snapshot(1).accounts;
    text.until_record = data.last_record();
    data.deposit(7, 1);
    data.commit();
    static_cast<void>(data.write(text));
    REQUIRE(data.examine().holds());
}

TEST_CASE("snapshot: one of another ledger is told", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    text.ledger = std::string(32, 'a');
    const auto file = data.write(text);
    require_one(data.examine(), file, 0, "it is of the ledger aaaa");
}

TEST_CASE("snapshot: a wrong balance is told with its account", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    text.accounts[1].balance = money::from_minor(5'001);
    const auto file = data.write(text);
    require_one(data.examine(), file, 8,
                "is listed with posting 1 with a balance of 50.01, but the journal has posting 1 "
                "with a balance of 50.0");
}

TEST_CASE("snapshot: one that lacks a posting it covers is told", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    data.deposit(8, 1);
    data.commit();
    text.after_record = text.until_record = data.last_record();
    const auto file = data.write(text);
    require_one(data.examine(), file, 8, "is listed with posting 1, but by record 4");
}

TEST_CASE("snapshot: one that lacks an account is told", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    text.accounts.erase(text.accounts.begin() + 1);
    const auto file = data.write(text);
    require_one(data.examine(), file, 8, "is missing");
}

TEST_CASE("snapshot: one with an account that the journal does not have is told", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    text.accounts.push_back({10, 1, money::from_minor(5)});
    const auto file = data.write(text);
    require_one(data.examine(), file, 10, "which the journal does not have by record 3");
}

TEST_CASE("snapshot: a posting that comes after its window is told", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    data.deposit(7, 1);
    data.deposit(8, 1);
    data.commit();
    text.accounts = data.snapshot(1).accounts;
    text.until_record = data.last_record() - 1;
    const auto file = data.write(text);
    require_one(data.examine(), file, 8, "which the journal does not have by record 4");
}

TEST_CASE("snapshot: a posting in its window that is another in the journal is told", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    data.deposit(7, 1);
    data.commit();
    text.accounts = data.snapshot(1).accounts;
    text.accounts[0].balance = money::from_minor(10'002);
    text.until_record = data.last_record();
    const auto file = data.write(text);
    require_one(data.examine(), file, 7,
                "a balance of 100.02, but the journal has posting 2 with a "
                "balance of 100.01");
}

TEST_CASE("snapshot: half of a transfer is told", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    data.transfer(7, 9, 300);
    data.commit();
    text.accounts[0] = data.state(7);
    text.until_record = data.last_record();
    const auto file = data.write(text);
    require_one(data.examine(), file, 9, "lacks posting 2, whose transfer's other half");
}

TEST_CASE("snapshot: an account that is listed twice is told", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    text.accounts.push_back(text.accounts[1]);
    const auto file = data.write(text);
    require_one(data.examine(), file, 8, "is listed twice");
}

TEST_CASE("snapshot: a count or a total that is not that of its accounts is told", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    SECTION("count") {
        text.count_off = 1;
        const auto file = data.write(text);
        require_one(data.examine(), file, 0, "4");
    }
    SECTION("total") {
        text.total_off_minor = 1;
        const auto file = data.write(text);
        require_one(data.examine(), file, 0, "150.01");
    }
}

TEST_CASE("snapshot: one that says it is another, or has its window the wrong way round, is told",
          "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    SECTION("number") {
        const auto file = data.write(text);
        std::filesystem::rename(file, data.path() / "snapshots/2.json");
        require_one(data.examine(), data.path() / "snapshots/2.json", 0, "it states the number 1");
    }
    SECTION("window") {
        text.until_record = 2;
        const auto file = data.write(text);
        REQUIRE_FALSE(data.examine().holds());
    }
}

TEST_CASE("snapshot: one that is damaged is told though the journal holds", "[audit]") {
    three_accounts data;
    const auto file = data.write(data.snapshot(1));
    static_cast<void>(data.write(data.snapshot(2)));
    planted_data::flip(file, 150);
    const report found = data.examine();
    INFO(to_text(found));
    REQUIRE(found.faults.count() == 1);
    REQUIRE(found.faults.kept().front().file == file.string());
    REQUIRE(found.snapshots.size() == 1);
}
