#include "engine/first_start.hpp"

#include <sys/resource.h>

#include <csignal>
#include <string>

#include "catch.hpp"
#include "engine/recovery.hpp"
#include "journal/journal_error.hpp"
#include "small_ledger.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/captured_log.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using namespace coffer;
using Catch::Matchers::StartsWith;
using coffer::test::Contains;
using test::captured_log;
using test::small_segments;
using test::temporary_directory;
using test::to_text;
using test::truth_of;
using test::write_file;

namespace {

std::string recovered_text(const data_directory& where) {
    const captured_log log;
    return to_text(truth_of(*recover(where, 0ns, {}).ledger));
}

std::size_t entries(const fs::path& directory) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}));
}

}  // namespace

TEST_CASE("first start: the journal begins with the sample accounts", "[engine]") {
    const temporary_directory place;
    const data_directory where{place.path()};
    CHECK(!has_journal(where));
    begin_journal(where, first_accounts::sample, small_segments);
    CHECK(has_journal(where));
    CHECK(recovered_text(where) ==
          "10001/1/1000.0 10002/1/2000.0 10003/1/3000.0 10004/1/4000.0 10005/1/5000.0 "
          "10006/1/6000.0 10007/1/7000.0 10008/1/8000.0 10009/1/9000.0 100000/1/10000.0 ");
    CHECK(entries(place.path()) == 1);
    CHECK(entries(where.journal()) == 1);
}

TEST_CASE("first start: with no accounts there is a journal all the same", "[engine]") {
    const temporary_directory place;
    const data_directory where{place.path()};
    begin_journal(where, first_accounts::none, small_segments);
    CHECK(recovered_text(where).empty());
    CHECK(has_journal(where));
}

TEST_CASE("first start: the accounts of a file are opened with their balances", "[engine]") {
    const temporary_directory place;
    const data_directory where{place.path() / "data"};
    const fs::path file =
        write_file(place.path() / "accounts",
                   R"({"accounts":[{"account_number":"7","balance":1.5,"sequence":99},)"
                   R"({"account_number":"18446744073709551615","balance":92233720368547758.07},)"
                   R"({"account_number":"3","balance":0}]})");
    begin_journal(where, file, small_segments);
    CHECK(recovered_text(where) == "3/1/0.0 7/1/1.5 18446744073709551615/1/92233720368547758.07 ");
}

TEST_CASE("first start: as many accounts as take many segments", "[engine]") {
    const temporary_directory place;
    const data_directory where{place.path() / "data"};
    std::string text = "{\"accounts\":[";
    std::string expected;
    for (int number = 1; number <= 2000; ++number) {
        text += (number == 1 ? "" : ",") + std::string{R"({"account_number":")"} +
                std::to_string(number) + R"(","balance":)" + std::to_string(number) + "}";
        expected += std::to_string(number) + "/1/" + std::to_string(number) + ".0 ";
    }
    begin_journal(where, write_file(place.path() / "accounts", text + "]}"), small_segments);
    CHECK(recovered_text(where) == expected);
    CHECK(entries(where.journal()) > 10);
    for (const auto& each : fs::directory_iterator{where.journal()})
        CHECK(each.path().extension() == ".journal");
}

TEST_CASE("first start: a file that is refused leaves no journal", "[engine]") {
    const temporary_directory place;
    const data_directory where{place.path() / "data"};
    const fs::path file = write_file(place.path() / "accounts",
                                     "{\"accounts\":[{\"account_number\":\"7\",\"balance\":1},\n"
                                     "{\"account_number\":\"7\",\"balance\":1}]}");
    CHECK_THROWS_WITH(begin_journal(where, file, small_segments),
                      file.string() + ": line 2: account 7 is listed twice");
    CHECK_THROWS_AS(begin_journal(where, place.path() / "missing", small_segments),
                    snapshot::accounts_error);
    CHECK(!has_journal(where));
    CHECK(entries(where.path()) == 0);
}

TEST_CASE("first start: what a crash left of one is begun again", "[engine]") {
    const temporary_directory place;
    const data_directory where{place.path()};
    begin_journal(where, first_accounts::none, small_segments);
    fs::rename(where.journal(), where.new_journal());
    write_file(where.new_journal() / "spare.tmp", "half a spare");
    CHECK(!has_journal(where));
    begin_journal(where, first_accounts::sample, small_segments);
    CHECK_THAT(recovered_text(where), StartsWith("10001/1/1000.0 "));
    CHECK(entries(place.path()) == 1);
    CHECK(entries(where.journal()) == 1);
}

TEST_CASE("first start: a journal that is there is never replaced", "[engine]") {
    const temporary_directory place;
    const data_directory where{place.path()};
    begin_journal(where, first_accounts::sample, small_segments);
    CHECK_THROWS_AS(begin_journal(where, first_accounts::none, small_segments),
                    journal::journal_error);
    CHECK_THAT(recovered_text(where), StartsWith("10001/1/1000.0 "));
    CHECK(entries(place.path()) == 1);
}

TEST_CASE("first start: where there are snapshots and no journal it is refused", "[engine]") {
    const captured_log log;
    test::small_ledger kept;
    kept.take_snapshot();
    kept.take_snapshot();
    fs::remove_all(kept.where().journal());
    CHECK_THROWS_WITH(begin_journal(kept.where(), first_accounts::sample, small_segments),
                      StartsWith(kept.where().path().string() + ": has snapshots and no journal") &&
                          Contains("--accounts " + kept.snapshot_file(2).string()));
    CHECK(!has_journal(kept.where()));
}

TEST_CASE("first start: a disk that is full is an error, and leaves no journal", "[engine]") {
    const temporary_directory place;
    const data_directory where{place.path()};
    auto* const before = std::signal(SIGXFSZ, SIG_IGN);
    rlimit unlimited{};
    ::getrlimit(RLIMIT_FSIZE, &unlimited);
    const rlimit limited{4096, unlimited.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
    CHECK_THROWS_WITH(begin_journal(where, first_accounts::sample, small_segments),
                      StartsWith(where.new_journal().string()) && Contains("File too large"));
    ::setrlimit(RLIMIT_FSIZE, &unlimited);
    std::signal(SIGXFSZ, before);
    CHECK(entries(place.path()) == 0);
    begin_journal(where, first_accounts::sample, small_segments);
    CHECK_THAT(recovered_text(where), StartsWith("10001/1/1000.0 "));
}
