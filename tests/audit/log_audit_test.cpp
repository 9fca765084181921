#include "audit/log_audit.hpp"

#include <filesystem>
#include <string>

#include "catch.hpp"
#include "journal/history.hpp"
#include "journal/interruption.hpp"
#include "journal/journal_error.hpp"
#include "planted_data.hpp"
#include "snapshot/captured_log.hpp"

using coffer::money;
using coffer::test::captured_log;
using coffer::test::Contains;
using coffer::test::planted_data;
using namespace coffer::audit;

namespace {

/// Records 1 to 3 open accounts 7, 8 and 9.
struct three_accounts : planted_data {
    three_accounts() {
        open(7, 10'000);
        open(8, 5'000);
        open(9, 0);
        commit();
    }
    [[nodiscard]] log_audit begin() { return log_audit{log(), path() / "snapshots"}; }
    void read_all(log_audit& audit) {
        while (audit.advance(last_record()))
            ;
        REQUIRE(audit.record() == last_record());
    }
    /// Postings in as many segments.
    void fill(std::size_t more_segments) {
        for (const std::size_t whole = segments().size() + more_segments;
             segments().size() < whole;) {
            deposit(7, 1);
            commit();
        }
    }
    /// So that the audit cannot begin with the first record.
    void trim() {
        REQUIRE(log().trim(last_record()));
        REQUIRE(log().first_record() > 1);
    }
};

void require_none(log_audit& audit) {
    const fault_list found = audit.take_differences();
    INFO((found.empty() ? std::string{} : to_string(found.kept().front())));
    REQUIRE(found.empty());
}

void require_one(log_audit& audit, coffer::account_number account, const std::string& what) {
    const fault_list found = audit.take_differences();
    REQUIRE(found.count() == 1);
    REQUIRE(found.kept().front().account == account);
    REQUIRE_THAT(found.kept().front().what, Contains(what));
    REQUIRE(audit.take_differences().empty());
}

}  // namespace

TEST_CASE("log audit: reads what is durable, and no further than it is let", "[audit]") {
    three_accounts data;
    log_audit audit = data.begin();
    REQUIRE(audit.beginning() == "the journal's first record");
    REQUIRE_FALSE(audit.advance(0));
    REQUIRE(audit.record() == 0);
    data.read_all(audit);
    data.deposit(7, 1);
    data.commit();
    data.deposit(7, 2);
    data.commit();
    REQUIRE_FALSE(audit.advance(4));
    REQUIRE(audit.record() == 4);
    data.read_all(audit);
    REQUIRE(audit.accounts() == 3);
    require_none(audit);
}

TEST_CASE("log audit: follows the journal from segment to segment", "[audit]") {
    three_accounts data;
    log_audit audit = data.begin();
    data.fill(3);
    data.read_all(audit);
    data.fill(3);
    data.write(data.snapshot(1));
    audit.look();
    data.read_all(audit);
    require_none(audit);
    REQUIRE(audit.comparisons() == 1);
}

TEST_CASE("log audit: compares a snapshot as of the record that it covers", "[audit]") {
    three_accounts data;
    log_audit audit = data.begin();
    data.read_all(audit);
    auto text = data.snapshot(1);
    data.deposit(7, 250);
    data.transfer(7, 9, 300);
    data.commit();
    text.accounts = data.snapshot(1).accounts;
    text.until_record = data.last_record();

    SECTION("it is the same") {
        data.write(text);
        audit.look();
        REQUIRE(audit.comparisons() == 0);
        data.read_all(audit);
        require_none(audit);
        REQUIRE(audit.comparisons() == 1);
    }
    SECTION("an account that was not posted to since differs") {
        text.accounts[1].balance = money::from_minor(5'001);
        data.write(text);
        audit.look();
        require_one(audit, 8, "with a balance of 50.01, but the journal has posting 1");
    }
    SECTION("a posting that came while it was taken differs") {
        text.accounts[0].balance = money::from_minor(1);
        data.write(text);
        audit.look();
        require_none(audit);
        data.read_all(audit);
        require_one(audit, 7, "with a balance of 0.01, but the journal has posting 3");
    }
    SECTION("a posting without a record differs") {
        text.accounts[1].sequence += 1;
        text.accounts[1].balance = money::from_minor(6'000);
        data.write(text);
        audit.look();
        data.read_all(audit);
        require_one(audit, 8, "which the journal does not have by record 5");
    }
}

TEST_CASE("log audit: finds a record that does not follow from those before it", "[audit]") {
    three_accounts data;
    log_audit audit = data.begin();
    data.set({8, 2, money::from_minor(1)});
    data.deposit(8, 1);
    data.commit();
    data.read_all(audit);
    require_one(audit, 8, "record 4: posting 3 comes after posting 1");
}

TEST_CASE("log audit: begins with the second newest snapshot of a long journal", "[audit]") {
    three_accounts data;
    data.fill(1);
    data.write(data.snapshot(1));
    data.fill(2);
    const auto base = data.write(data.snapshot(2));
    data.deposit(8, 10);
    data.commit();
    auto newest = data.snapshot(3);

    SECTION("so that the newest is compared, which the server has recovered from") {
        newest.accounts[1].balance = money::from_minor(1);
        data.write(newest);
        data.trim();
        log_audit audit = data.begin();
        REQUIRE(audit.beginning() == base.string());
        REQUIRE(audit.record() == data.last_record() - 1);
        data.read_all(audit);
        require_one(audit, 8, "is listed with posting 2 with a balance of 0.01");
        REQUIRE(audit.comparisons() == 1);
    }
    SECTION("or with an older one where one is damaged") {
        planted_data::flip(data.write(newest), 150);
        data.deposit(8, 10);
        data.commit();
        data.write(data.snapshot(4));
        data.trim();
        const captured_log lines;
        log_audit audit = data.begin();
        REQUIRE(audit.beginning() == base.string());
        REQUIRE_THAT(lines.text(), Contains("audit: a snapshot is passed over: "));
        data.read_all(audit);
        require_none(audit);
        REQUIRE(audit.comparisons() == 1);
    }
}

TEST_CASE("log audit: begins with the only snapshot, and cannot without", "[audit]") {
    three_accounts data;
    data.fill(2);
    data.trim();
    REQUIRE_THROWS_AS(data.begin(), audit_unavailable);
    const auto only = data.write(data.snapshot(1));
    log_audit audit = data.begin();
    REQUIRE(audit.beginning() == only.string());
    data.deposit(8, 1);
    data.commit();
    data.read_all(audit);
    require_none(audit);
    REQUIRE(audit.comparisons() == 0);
}

TEST_CASE("log audit: passes over a snapshot that it cannot compare", "[audit]") {
    three_accounts data;
    log_audit audit = data.begin();
    auto text = data.snapshot(1);
    SECTION("since it has read on") {
        data.deposit(7, 1);
        data.commit();
        data.read_all(audit);
        data.write(text);
        audit.look();
    }
    SECTION("since it is of another ledger") {
        text.ledger = std::string(32, 'a');
        data.write(text);
        const captured_log lines;
        audit.look();
        REQUIRE_THAT(lines.text(), Contains("it is not of this ledger"));
    }
    SECTION("since it is damaged") {
        planted_data::flip(data.write(text), 150);
        const captured_log lines;
        audit.look();
        REQUIRE_THAT(lines.text(), Contains("is damaged: "));
    }
    SECTION("since it was removed before its turn") {
        const auto file = data.write(text);
        audit.look();
        std::filesystem::remove(file);
        const captured_log lines;
        data.read_all(audit);
        REQUIRE(lines.text().empty());
    }
    REQUIRE(audit.passed_over() == 1);
    REQUIRE(audit.comparisons() == 0);
    data.read_all(audit);
    data.write(data.snapshot(2));
    audit.look();
    require_none(audit);
    REQUIRE(audit.comparisons() == 1);
}

TEST_CASE("log audit: a whole snapshot of a ledger that cannot be is a difference", "[audit]") {
    three_accounts data;
    auto text = data.snapshot(1);
    text.accounts[1].balance = money::from_minor(-500);

    SECTION("compared") {
        log_audit audit = data.begin();
        data.read_all(audit);
        data.write(text);
        audit.look();
        require_one(audit, 0, "is below zero");
        REQUIRE(audit.comparisons() == 0);
    }
    SECTION("to begin with") {
        data.fill(2);
        data.trim();
        data.write(text);
        try {
            static_cast<void>(data.begin());
            FAIL("it has begun");
        } catch (const audit_unavailable& why) {
            REQUIRE(why.differences().count() == 1);
            REQUIRE_THAT(why.differences().kept().front().what, Contains("is below zero"));
        }
    }
    SECTION("but not if it cannot be opened any more") {
        log_audit audit = data.begin();
        const auto file = data.write(text);
        data.deposit(7, 1);
        data.commit();
        audit.look();
        std::filesystem::remove(file);
        std::filesystem::create_directory(file);
        const captured_log lines;
        data.read_all(audit);
        require_none(audit);
        REQUIRE(audit.passed_over() == 1);
    }
}

TEST_CASE("log audit: ends early in the middle of a snapshot", "[audit]") {
    three_accounts data;
    log_audit audit = data.begin();
    data.read_all(audit);
    data.write(data.snapshot(1));
    int left = 2;  // the next is between two blocks of the file's check
    const coffer::journal::interruption::condition has_ended = [&left] { return --left == 0; };
    const coffer::journal::interruption early{has_ended};
    REQUIRE_THROWS_AS(audit.look(), coffer::journal::history_unavailable);
    REQUIRE(audit.passed_over() == 0);
}

TEST_CASE("log audit: a journal that cannot be read is no difference", "[audit]") {
    three_accounts data;
    log_audit audit = data.begin();
    data.fill(1);
    SECTION("as it is damaged") {
        planted_data::flip(data.segment(1), 4'096 + 60);
        REQUIRE_THROWS_AS(audit.advance(data.last_record()), coffer::journal::journal_error);
    }
    SECTION("as it was trimmed meanwhile") {
        data.fill(1);
        data.trim();
        REQUIRE_THROWS_AS(audit.advance(data.last_record()), coffer::journal::journal_error);
    }
    SECTION("as a durable record is not there") {
        data.read_all(audit);
        REQUIRE_THROWS_AS(audit.advance(data.last_record() + 1), audit_unavailable);
    }
    require_none(audit);
}
