#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

#include "audit/posting_export.hpp"
#include "catch.hpp"
#include "journal/random_life.hpp"
#include "ops/checksum.hpp"
#include "planted_data.hpp"
#include "snapshot/snapshot_file.hpp"
#include "snapshot/snapshot_writer.hpp"

using coffer::account_status;
using coffer::errc;
using coffer::hold;
using coffer::hold_status;
using coffer::money;
using coffer::posting;
using coffer::test::planted_data;
using namespace coffer::journal;

namespace {

constexpr money cents(std::int64_t minor) {
    return money::from_minor(minor);
}

/// A data directory of a random life. Snapshots are taken while postings go on: their cut is some
/// records behind after_record.
class audited_life {
public:
    explicit audited_life(std::uint64_t seed) : life_{seed} {}

    void live(int steps) {
        for (int i = 0; i != steps; ++i)
            life_.step();
    }
    void commit() {
        for (; written_ != life_.records.size(); ++written_) {
            data.add(decode(life_.records[written_]).value);
            if (written_ % 16 == 0)
                data.commit();
        }
        data.commit();
    }
    /// With a cut that has as many steps more than after_record.
    std::filesystem::path take_snapshot(int steps_between) {
        const std::uint64_t after = life_.records.size();
        live(steps_between);
        const std::uint64_t until = life_.records.size();
        coffer::snapshot::snapshot_directory into{data.path() / "snapshots"};
        return coffer::snapshot::write_snapshot(life_.ledger, into, 10,
                                                {.ledger = data.log().ledger(),
                                                 .durable_record = [=] { return after; },
                                                 .keys_from = [](std::uint64_t) { return 1; },
                                                 .barrier = [=] { return until; },
                                                 .on_attempt = {}})
            .file;
    }

    planted_data data;

    [[nodiscard]] coffer::ledger& ledger() { return life_.ledger; }

private:
    random_life life_;
    std::size_t written_ = 0;
};

std::string text_of(const coffer::audit::report& found) {
    return to_text(found);
}

std::string exported(const planted_data& data, coffer::journal::line_format format) {
    std::string all;
    coffer::audit::export_postings(
        coffer::audit::data_files::in(data.path()), format, {},
        [&all](std::string_view lines) { all += lines; }, [] {});
    return all;
}

}  // namespace

TEST_CASE("audit: a life of all operations holds, with the snapshots taken in it", "[audit]") {
    for (std::uint64_t seed = 0; seed != 20; ++seed) {
        INFO("seed " << seed);
        audited_life one{seed};
        one.live(150);
        one.take_snapshot(0);
        one.live(50);
        one.take_snapshot(60);
        one.live(150);
        one.take_snapshot(0);
        one.commit();
        const auto found = one.data.examine();
        INFO(text_of(found));
        REQUIRE(found.holds());
        for (const auto& snapshot : found.snapshots)
            REQUIRE(snapshot.compared);
        REQUIRE(found.sums.transactions.count > 0);
        REQUIRE(found.sums.holds.count > 0);
        REQUIRE(found.sums.captures.count > 0);
        REQUIRE(found.sums.releases.count > 0);
        REQUIRE(found.sums.expiries.count > 0);
        coffer::wide_minor held_minor = 0;
        for (coffer::account_number account = 1; account <= random_life::accounts; ++account)
            held_minor += one.ledger().balance(account).posting.held.minor();
        REQUIRE(found.held_minor == held_minor);
    }
}

TEST_CASE("audit: a trimmed journal of all operations holds from a snapshot on", "[audit]") {
    for (std::uint64_t seed = 0; seed != 20; ++seed) {
        INFO("seed " << seed);
        audited_life one{seed};
        one.live(300);
        one.take_snapshot(static_cast<int>(seed % 3) * 20);
        one.live(200);
        one.take_snapshot(30);
        one.live(100);
        one.commit();
        const auto segments = one.data.segments();
        REQUIRE(segments.size() > 2);
        std::filesystem::remove(one.data.segment(segments[0]));
        const auto found = one.data.examine();
        INFO(text_of(found));
        REQUIRE(found.holds());
        REQUIRE(found.journal.first_record == segments[1]);
    }
}

namespace {

/// Account 7 has 100.0, of which hold 2-0 has 40.0.
void fill(planted_data& data) {
    data.open(7, 10'000);
    data.open(8, 0);
    data.add(record::of_hold(
        hold_operation::placing,
        {errc::ok,
         {7, 2, cents(10'000), cents(4'000)},
         {.account = 7, .id = {2, 0}, .amount = cents(4'000), .remaining = cents(4'000)}},
        cents(4'000), {"a", {1, 2}}));
}

hold captured(std::int64_t minor, std::int64_t remaining_minor) {
    return {.account = 7,
            .id = {2, 0},
            .amount = cents(4'000),
            .captured = cents(minor),
            .remaining = cents(remaining_minor),
            .status = remaining_minor == 0 ? hold_status::captured : hold_status::held};
}

std::string fault_after(const record& one) {
    planted_data data;
    fill(data);
    data.add(one);
    data.commit();
    const auto found = data.examine();
    if (found.faults.empty())
        return {};
    return found.faults.kept().front().what;
}

}  // namespace

TEST_CASE("audit: names what a hold, a transaction or a status contradicts", "[audit]") {
    const auto capture = [](const posting& after, const hold& left, std::int64_t minor) {
        return record::of_hold(hold_operation::capture, {errc::ok, after, left}, cents(minor));
    };
    REQUIRE(fault_after(
                capture({7, 3, cents(9'000), cents(3'000)}, captured(1'000, 3'000), 1'000)) == "");
    REQUIRE(
        fault_after(capture({7, 3, cents(9'000), cents(3'001)}, captured(1'000, 3'000), 1'000)) ==
        "record 4: posting 3 leaves 30.01 held after 40.0, which its operation does not "
        "account for");
    REQUIRE(
        fault_after(capture({7, 3, cents(9'001), cents(3'000)}, captured(1'000, 3'000), 1'000)) ==
        "record 4: posting 3 leaves a balance of 90.01 after one of 100.0, which its amount of "
        "-10.0 does not account for");
    REQUIRE(
        fault_after(capture({7, 3, cents(9'000), cents(2'000)}, captured(2'000, 2'000), 1'000)) ==
        "record 4: posting 3 leaves 20.0 held after 40.0, which its operation does not account "
        "for");
    hold other = captured(1'000, 3'000);
    other.id.slot = 1;
    REQUIRE(fault_after(capture({7, 3, cents(9'000), cents(3'000)}, other, 1'000)) ==
            "record 4: posting 3 is of hold 2-1, which is not there");
    REQUIRE(fault_after(record::of_deposit({7, 3, cents(10'001), cents(3'999)}, cents(1))) ==
            "record 4: posting 3 leaves 39.99 held after 40.0, which its operation does not "
            "account for");
    REQUIRE(fault_after(record::of_refusal(errc::insufficient_funds, {7, 2, cents(10'000)}, {})) ==
            "record 4: posting 2 refuses a request with 0.0 held, but it is 40.0");
    REQUIRE(fault_after(record::of_status({{7, 3, {}}, account_status::closed})) ==
            "record 4: posting 3 leaves a balance of 0.0 after one of 100.0, which its amount of "
            "0.0 does not account for");
    REQUIRE(fault_after(record::of_status({{8, 3, {}}, account_status::open})) ==
            "record 4: posting 3 comes after posting 1");
    const posted_leg legs[]{{{7, 3, cents(9'999), cents(4'000)}, cents(-2)},
                            {{8, 2, cents(2)}, cents(2)}};
    REQUIRE(fault_after(record::of_transaction(legs)) ==
            "record 4: posting 3 leaves a balance of 99.99 after one of 100.0, which its amount of "
            "-0.02 does not account for");
}

TEST_CASE("audit: names a posting to a closed account, and one that reopens an open one",
          "[audit]") {
    planted_data data;
    data.open(8, 0);
    data.add(record::of_status({{8, 2, {}}, account_status::closed}));
    data.add(record::of_deposit({8, 3, cents(1)}, cents(1)));
    data.add(record::of_withdrawal({8, 4, {}}, cents(1)));
    data.add(record::of_status({{8, 5, {}}, account_status::open}));
    data.add(record::of_status({{8, 6, {}}, account_status::open}));
    data.commit();
    const auto found = data.examine();
    REQUIRE(found.faults.count() == 3);
    REQUIRE(found.faults.kept()[0].what == "record 3: posting 3 comes while it is closed");
    REQUIRE(found.faults.kept()[2].what == "record 6: posting 6 reopens it while it is open");
}

namespace {

/// Account 7 has 80.0, of which hold 2-0 has 30.0; hold 4-1, of 5.0, was released. Account 9 has
/// 1.0, of which hold 2-2 has 1.0. Account 8 is closed. With a snapshot of that, in which `by` is
/// put for `what`, and so on.
std::string faults_with(std::initializer_list<std::pair<std::string_view, std::string_view>> swaps,
                        bool is_trimmed = false) {
    planted_data data;
    fill(data);
    data.add(record::of_hold(hold_operation::capture,
                             {errc::ok, {7, 3, cents(9'000), cents(3'000)}, captured(1'000, 3'000)},
                             cents(1'000)));
    hold other{.account = 7, .id = {4, 1}, .amount = cents(500), .remaining = cents(500)};
    data.add(record::of_hold(hold_operation::placing,
                             {errc::ok, {7, 4, cents(9'000), cents(3'500)}, other}, cents(500)));
    other.remaining = {};
    other.status = hold_status::released;
    data.add(record::of_hold(hold_operation::release,
                             {errc::ok, {7, 5, cents(9'000), cents(3'000)}, other}, cents(500)));
    data.add(record::of_withdrawal({7, 6, cents(8'000), cents(3'000)}, cents(1'000)));
    data.add(record::of_status({{8, 2, {}}, account_status::closed}));
    data.open(9, 100);
    const hold small{.account = 9, .id = {2, 2}, .amount = cents(100), .remaining = cents(100)};
    data.add(record::of_hold(hold_operation::placing,
                             {errc::ok, {9, 2, cents(100), cents(100)}, small}, cents(100)));
    data.commit();
    while (is_trimmed && data.segments().size() == 1) {
        data.add(record::of_refusal(errc::no_such_account, {50, 0, {}}, {}));
        data.commit();
    }
    const std::uint64_t last = data.last_record();
    std::string text;
    coffer::snapshot::snapshot_text into{text};
    into.begin({1, {}, data.log().ledger(), last, 1});
    into.add({{7, 6, cents(8'000), cents(3'000)}});
    into.add({{8, 2, {}}, account_status::closed});
    into.add({{9, 2, cents(100), cents(100)}});
    into.add_hold(captured(1'000, 3'000));
    into.add_hold(other);
    into.add_hold(small);
    into.end(last);
    for (const auto& [what, by] : swaps) {
        const std::size_t at = text.find(what);
        REQUIRE(at != text.npos);
        text.replace(at, what.size(), by);
    }
    into.close(coffer::checksum(std::as_bytes(std::span{text})));
    std::filesystem::create_directories(data.path() / "snapshots");
    coffer::test::write_file(data.path() / "snapshots" / "1.json", text);
    if (is_trimmed)
        std::filesystem::remove(data.segment(1));
    std::string all;
    const auto found = data.examine();
    for (const auto& fault : found.faults.kept())
        all += std::to_string(fault.account) + ' ' + fault.what + '\n';
    return all;
}

}  // namespace

TEST_CASE("audit: names a snapshot whose holds or status are not the journal's", "[audit]") {
    const std::string open_hold =
        R"({"hold":"2-0","account":"7","amount":40.0,"captured":10.0,"remaining":30.0,)"
        R"("status":"held","expires_at_ns":0},)"
        "\n";
    const std::string twice = open_hold + open_hold;
    REQUIRE(faults_with({}) == "");
    REQUIRE(faults_with({{open_hold, ""},
                         {"\"hold_count\":3,\"held\":31.0", "\"hold_count\":2,\"held\":1.0"}}) ==
            "7 has 30.0 held, but its holds have 0.0\n");
    REQUIRE(faults_with({{open_hold, ""}, {"\"hold_count\":3", "\"hold_count\":2"}}) ==
            "0 it lists 2 holds and 1.0 held, but states 2 and 31.0\n"
            "7 has 30.0 held, but its holds have 0.0\n");
    REQUIRE_THAT(faults_with({{open_hold, twice}, {"\"hold_count\":3", "\"hold_count\":4"}}),
                 coffer::test::Contains("hold 2-0 is not in the order of the slots"));
    REQUIRE(faults_with(
                {{"\"captured\":10.0,\"remaining\":30.0", "\"captured\":15.0,\"remaining\":25.0"},
                 {"\"held\":31.0", "\"held\":26.0"}}) ==
            "7 has 30.0 held, but its holds have 25.0\n"
            "7 hold 2-0 is listed otherwise than the journal has it\n");
    REQUIRE(faults_with({{"released", "expired"}}) ==
            "7 hold 4-1 is listed otherwise than the journal has it\n");
    REQUIRE(faults_with({{"\"expires_at_ns\":0", "\"expires_at_ns\":1"}}) ==
            "7 hold 2-0 is listed otherwise than the journal has it\n");
    REQUIRE_THAT(
        faults_with({{"\"sequence\":6,\"held\":30.0", "\"sequence\":6,\"held\":30.01"},
                     {"\"sequence\":2,\"held\":1.0", "\"sequence\":2,\"held\":0.99"}}),
        coffer::test::Contains("9 is listed with posting 2 with a balance of 1.0, of which held "
                               "0.99, but the journal has posting 2 with a balance of 1.0, of "
                               "which held 1.0\n") &&
            coffer::test::Contains("9 has 0.99 held, but its holds have 1.0\n"));
    REQUIRE(faults_with({{"\"hold_count\":3", "\"hold_count\":13"}}) ==
            "0 it lists 3 holds and 31.0 held, but states 13 and 31.0\n");
    REQUIRE(faults_with({{",\"status\":\"closed\"", ""}}) ==
            "8 is listed with posting 2 with a balance of 0.0, but the journal has posting 2 with "
            "a balance of 0.0, closed\n");
    REQUIRE_THAT(faults_with({{"\"8\",\"balance\":0.0", "\"8\",\"balance\":0.1"}}),
                 coffer::test::Contains("a closed account has a balance"));
    REQUIRE_THAT(faults_with({{"\"4-1\"", "\"4-4294967294\""}}),
                 coffer::test::Contains("hold 4-4294967294 has a slot beyond"));
}

TEST_CASE("audit: names a snapshot whose holds are not what its accounts have held", "[audit]") {
    // With a trimmed journal there is nothing else to compare it with.
    REQUIRE(faults_with({}, true) == "");
    REQUIRE_THAT(faults_with({{"\"sequence\":6,\"held\":30.0", "\"sequence\":6,\"held\":29.0"},
                              {"\"sequence\":2,\"held\":1.0", "\"sequence\":2"}},
                             true),
                 coffer::test::Contains("7 has 29.0 held, but its holds have 30.0\n") &&
                     coffer::test::Contains("9 has 0.0 held, but its holds have 1.0\n"));
}

TEST_CASE("export: has a line for each account of every operation, with its hold", "[audit]") {
    planted_data data;
    fill(data);
    data.add(record::of_hold(hold_operation::capture,
                             {errc::ok,
                              {7, 3, cents(9'000), cents(3'000)},
                              captured(1'000, 3'000),
                              {8, 2, cents(1'000)}},
                             cents(1'000)));
    hold released = captured(1'000, 0);
    released.status = hold_status::released;
    data.add(record::of_hold(hold_operation::release, {errc::ok, {7, 4, cents(9'000)}, released},
                             cents(3'000)));
    const posted_leg legs[]{{{8, 3, {}}, cents(-1'000)}, {{7, 5, cents(10'000)}, cents(1'000)}};
    data.add(record::of_transaction(legs));
    data.add(record::of_status({{8, 4, {}}, account_status::closed}));
    data.add(record::of_status({{8, 5, {}}, account_status::open}));
    data.commit(1'000'000'000);
    REQUIRE(data.examine().holds());
    const std::string time = ",1970-01-01T00:00:01.000000000Z,";
    const std::string csv = exported(data, coffer::journal::line_format::csv);
    REQUIRE(csv.substr(csv.find("\n3,") + 1) ==
            "3" + time + "7,2,hold,,40.0,100.0,a,2-0,40.0,\n" +        //
                "4" + time + "7,3,capture,8,10.0,90.0,,2-0,30.0,\n" +  //
                "4" + time + "8,2,transfer_in,7,10.0,10.0,,2-0,,\n" +  //
                "5" + time + "7,4,release,,30.0,90.0,,2-0,,\n" +       //
                "6" + time + "8,3,transaction,,-10.0,0.0,,,,\n" +      //
                "6" + time + "7,5,transaction,,10.0,100.0,,,,\n" +     //
                "7" + time + "8,4,closing,,0.0,0.0,,,,\n" +            //
                "8" + time + "8,5,reopening,,0.0,0.0,,,,\n");
    REQUIRE_THAT(exported(data, coffer::journal::line_format::ndjson),
                 coffer::test::Contains(R"("operation":"capture","counterparty":"8","amount":10.0,)"
                                        R"("balance":90.0,"hold":"2-0","held":30.0})"));
}
