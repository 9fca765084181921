#include "engine/recovery.hpp"

#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "ops/checksum.hpp"
#include "small_ledger.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"
#include "snapshot/some_marks.hpp"

namespace fs = std::filesystem;

using namespace coffer;
using Catch::Matchers::StartsWith;
using coffer::test::Contains;
using test::captured_log;
using test::some_ledger;
using test::temporary_directory;
using test::to_text;
using test::truth_of;
using test::write_file;

namespace {

/// A snapshot with these accounts, of which `instead` is put for `what` before it is sealed.
std::string snapshot_of(const std::vector<posting>& accounts, std::string_view what = "",
                        std::string_view instead = "") {
    std::string text;
    snapshot::snapshot_text into{text};
    into.begin({1, {}, some_ledger, 5, 4});
    for (const posting& each : accounts)
        into.add({each});
    into.end(6);
    text.replace(text.find(what), what.size(), instead);
    into.close(checksum(std::as_bytes(std::span{text})));
    return text;
}

const std::vector<posting> two{{7, 3, money::from_minor(150)}, {8, 1, money::from_minor(50)}};

}  // namespace

TEST_CASE("restoring: the first that is right is taken, and those before it are named",
          "[engine]") {
    const captured_log log;
    const temporary_directory place;
    const std::vector<fs::path> files{
        write_file(place.path() / "4.json", ""),
        place.path() / "3.json",
        write_file(place.path() / "2.json", snapshot_of(two)),
        write_file(place.path() / "1.json", snapshot_of({})),
    };
    const restored_snapshot found = restore_newest(files, some_ledger);
    CHECK(to_text(truth_of(*found.ledger)) == "7/3/1.5 8/1/0.5 ");
    CHECK(found.file == files[2]);
    CHECK(found.after_record == 5);
    CHECK(found.until_record == 6);
    CHECK(found.keys_from == 4);
    CHECK_THAT(log.text(),
               Contains("warning a snapshot is passed over: " + files[0].string()) &&
                   Contains("warning a snapshot is passed over: " + files[1].string()) &&
                   !Contains(files[2].string()));
}

TEST_CASE("restoring: where there is none the ledger has no accounts", "[engine]") {
    const restored_snapshot found = restore_newest({}, some_ledger);
    CHECK(found.ledger->size() == 0);
    CHECK(found.file.empty());
    CHECK(found.after_record == 0);
    CHECK(found.until_record == 0);
    CHECK(found.keys_from == 1);
}

TEST_CASE("restoring: a snapshot whose accounts are not what it says is passed over", "[engine]") {
    const captured_log log;
    const temporary_directory place;
    const auto said = [&](const std::string& text) {
        const std::vector<fs::path> files{write_file(place.path() / "1.json", text)};
        const restored_snapshot found = restore_newest(files, some_ledger);
        CHECK(found.ledger->size() == (found.file.empty() ? 0 : 2));
        return found.file.empty();
    };
    CHECK(!said(snapshot_of(two)));
    CHECK(said(snapshot_of(two, "\"count\":2", "\"count\":3")));
    CHECK(said(snapshot_of(two, "\"total\":2.0", "\"total\":2.01")));
    CHECK(said(snapshot_of(two, "\"balance\":1.5", "\"balance\":1.4")));
    CHECK_THAT(log.text(), Contains("its accounts have not the count and total that it says"));
    CHECK(said(snapshot_of({two[0], two[0]})));
    CHECK_THAT(log.text(), Contains("account 7 is listed twice"));
    CHECK(said(snapshot_of(two, "\"balance\":1.5", "\"balance\":-1.5")));
    CHECK_THAT(log.text(), Contains("balance -1.5 is below zero"));
}

namespace {

/// Account 7 has 1.5, of which hold 2-0 has 0.4; hold 3-1 was released. Account 8 is closed.
std::string snapshot_with_holds(std::string_view what = "", std::string_view instead = "",
                                std::string_view what_too = "", std::string_view then = "") {
    std::string text;
    snapshot::snapshot_text into{text};
    into.begin({1, {}, some_ledger, 5, 4});
    into.add({{7, 4, money::from_minor(150), money::from_minor(40)}});
    into.add({{8, 2, {}}, account_status::closed});
    into.add_hold({.account = 7,
                   .id = {2, 0},
                   .amount = money::from_minor(50),
                   .captured = money::from_minor(10),
                   .remaining = money::from_minor(40)});
    into.add_hold({.account = 7,
                   .id = {3, 1},
                   .amount = money::from_minor(60),
                   .status = hold_status::released});
    into.end(6);
    text.replace(text.find(what), what.size(), instead);
    text.replace(text.find(what_too), what_too.size(), then);
    into.close(checksum(std::as_bytes(std::span{text})));
    return text;
}

}  // namespace

TEST_CASE("restoring: a snapshot whose holds or status cannot be is passed over", "[engine]") {
    const temporary_directory place;
    const auto why = [&](const std::string& text) -> std::string {
        const captured_log log;
        const std::vector<fs::path> files{write_file(place.path() / "2.json", text),
                                          write_file(place.path() / "1.json", snapshot_of(two))};
        const restored_snapshot found = restore_newest(files, some_ledger);
        if (found.file == files[0])
            return "";
        CHECK(found.file == files[1]);
        CHECK(found.holds.empty());
        return log.text();
    };
    const std::string open_hold =
        R"({"hold":"2-0","account":"7","amount":0.5,"captured":0.1,"remaining":0.4,)"
        R"("status":"held","expires_at_ns":0},)"
        "\n";
    CHECK(why(snapshot_with_holds()) == "");
    CHECK_THAT(why(snapshot_with_holds(open_hold, "", "\"hold_count\":2", "\"hold_count\":1")),
               Contains("its holds have not the count and total that it says"));
    CHECK_THAT(why(snapshot_with_holds(open_hold, "", "\"hold_count\":2,\"held\":0.4",
                                       "\"hold_count\":1,\"held\":0.0")),
               Contains("account 7 has 0.4 held, but its holds have 0.0"));
    CHECK_THAT(why(snapshot_with_holds(open_hold, open_hold + open_hold, "\"hold_count\":2",
                                       "\"hold_count\":3")),
               Contains("hold 2-0 is not in the order of the slots"));
    CHECK_THAT(why(snapshot_with_holds("\"3-1\"", "\"3-0\"")),
               Contains("hold 3-0 is not in the order of the slots"));
    CHECK_THAT(why(snapshot_with_holds("\"2-0\",\"account\":\"7\"", "\"2-0\",\"account\":\"9\"")),
               Contains("hold 2-0 is of an account that is not listed"));
    CHECK_THAT(why(snapshot_with_holds("\"2-0\",\"account\":\"7\"", "\"2-0\",\"account\":\"8\"")),
               Contains("but its holds have "));
    CHECK_THAT(why(snapshot_with_holds("\"3-1\"", "\"5-1\"")),
               Contains("hold 5-1 has a later sequence than its account"));
    CHECK_THAT(why(snapshot_with_holds("\"3-1\"", "\"3-4294967294\"")),
               Contains("hold 3-4294967294 has a slot beyond all that there can be"));
    CHECK_THAT(why(snapshot_with_holds("\"status\":\"held\"", "\"status\":\"released\"")),
               Contains("hold 2-0 contradicts itself"));
    CHECK_THAT(why(snapshot_with_holds("\"captured\":0.1", "\"captured\":0.2")),
               Contains("hold 2-0 contradicts itself"));
    CHECK_THAT(why(snapshot_with_holds("\"8\",\"balance\":0.0", "\"8\",\"balance\":0.1",
                                       "\"total\":1.5", "\"total\":1.6")),
               Contains("a closed account has a balance"));
}

TEST_CASE("restoring: one of another ledger is an error, whatever lies behind it", "[engine]") {
    const captured_log log;
    const temporary_directory place;
    const std::vector<fs::path> files{write_file(place.path() / "2.json", snapshot_of(two)),
                                      write_file(place.path() / "1.json", snapshot_of(two))};
    CHECK_THROWS_WITH(restore_newest(files, ledger_id{}),
                      files[0].string() + ": is of another ledger than the journal");
}
