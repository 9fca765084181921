#include "engine/first_start.hpp"

#include <sys/resource.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "engine/recovery.hpp"
#include "journal/journal_error.hpp"
#include "journal/memory_log.hpp"
#include "small_ledger.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/captured_log.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using namespace coffer;
using Catch::Matchers::StartsWith;
using coffer::test::Contains;
using test::captured_log;
using test::kept_in;
using test::small_segments;
using test::temporary_directory;
using test::to_text;
using test::truth_of;
using test::write_file;

namespace {

/// A data directory whose journal is kept in a store of this kind.
struct fixture {
    explicit fixture(kept_in kind = kept_in::files, const fs::path& below = {})
        : where{place.path() / below}, store{test::store_in(kind, where, small_segments)} {}

    void begin(const initial_accounts& accounts) {
        begin_journal(*store, where.snapshots(), accounts);
    }
    [[nodiscard]] std::string recovered_text() const {
        const captured_log log;
        return to_text(truth_of(*recover(*store->read(), where.snapshots(), 0ns, {}).ledger));
    }

    temporary_directory place;
    data_directory where;
    std::unique_ptr<journal::log_store> store;
};

std::size_t entries(const fs::path& directory) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}));
}

}  // namespace

TEST_CASE("first start: the journal begins with the sample accounts", "[engine]") {
    fixture one{GENERATE(kept_in::files, kept_in::memory)};
    CHECK(!one.store->has_log());
    one.begin(initial_accounts::sample());
    CHECK(one.store->has_log());
    CHECK(one.recovered_text() ==
          "10001/1/1000.0 10002/1/2000.0 10003/1/3000.0 10004/1/4000.0 10005/1/5000.0 "
          "10006/1/6000.0 10007/1/7000.0 10008/1/8000.0 10009/1/9000.0 100000/1/10000.0 ");
}

TEST_CASE("first start: leaves a directory with the journal's one segment, and nothing else",
          "[engine]") {
    fixture one;
    one.begin(initial_accounts::sample());
    CHECK(entries(one.place.path()) == 1);
    CHECK(entries(one.where.journal()) == 1);
}

TEST_CASE("first start: with no accounts there is a journal all the same", "[engine]") {
    fixture one{GENERATE(kept_in::files, kept_in::memory)};
    one.begin(initial_accounts::none());
    CHECK(one.recovered_text().empty());
    CHECK(one.store->has_log());
}

TEST_CASE("first start: the accounts of a file are opened with their balances", "[engine]") {
    fixture one{GENERATE(kept_in::files, kept_in::memory), "data"};
    const fs::path file =
        write_file(one.place.path() / "accounts",
                   R"({"accounts":[{"account_number":"7","balance":1.5,"sequence":99},)"
                   R"({"account_number":"18446744073709551615","balance":92233720368547758.07},)"
                   R"({"account_number":"3","balance":0}]})");
    one.begin(initial_accounts::from_file(file));
    CHECK(one.recovered_text() == "3/1/0.0 7/1/1.5 18446744073709551615/1/92233720368547758.07 ");
}

TEST_CASE("first start: as many accounts as take many segments", "[engine]") {
    fixture one{GENERATE(kept_in::files, kept_in::memory), "data"};
    std::string text = "{\"accounts\":[";
    std::string expected;
    for (int number = 1; number <= 2000; ++number) {
        text += (number == 1 ? "" : ",") + std::string{R"({"account_number":")"} +
                std::to_string(number) + R"(","balance":)" + std::to_string(number) + "}";
        expected += std::to_string(number) + "/1/" + std::to_string(number) + ".0 ";
    }
    one.begin(initial_accounts::from_file(write_file(one.place.path() / "accounts", text + "]}")));
    CHECK(one.recovered_text() == expected);
    if (!fs::exists(one.where.journal()))
        return;
    CHECK(entries(one.where.journal()) > 10);
    for (const auto& each : fs::directory_iterator{one.where.journal()})
        CHECK(each.path().extension() == ".journal");
}

TEST_CASE("first start: a file that is refused leaves no journal", "[engine]") {
    fixture one{GENERATE(kept_in::files, kept_in::memory), "data"};
    const fs::path file = write_file(one.place.path() / "accounts",
                                     "{\"accounts\":[{\"account_number\":\"7\",\"balance\":1},\n"
                                     "{\"account_number\":\"7\",\"balance\":1}]}");
    CHECK_THROWS_WITH(one.begin(initial_accounts::from_file(file)),
                      file.string() + ": line 2: account 7 is listed twice");
    CHECK_THROWS_AS(one.begin(initial_accounts::from_file(one.place.path() / "missing")),
                    snapshot::accounts_error);
    CHECK(!one.store->has_log());
    CHECK(entries(one.where.path()) == 0);
}

TEST_CASE("first start: what a crash left of one is begun again", "[engine]") {
    fixture one;
    one.begin(initial_accounts::none());
    const fs::path in_the_making = one.place.path() / "journal.new";
    fs::rename(one.where.journal(), in_the_making);
    write_file(in_the_making / "spare.tmp", "half a spare");
    CHECK(!one.store->has_log());
    one.begin(initial_accounts::sample());
    CHECK_THAT(one.recovered_text(), StartsWith("10001/1/1000.0 "));
    CHECK(entries(one.place.path()) == 1);
    CHECK(entries(one.where.journal()) == 1);
}

TEST_CASE("first start: a journal that is there is never replaced", "[engine]") {
    fixture one{GENERATE(kept_in::files, kept_in::memory)};
    one.begin(initial_accounts::sample());
    CHECK_THROWS_AS(one.begin(initial_accounts::none()), journal::journal_error);
    CHECK_THAT(one.recovered_text(), StartsWith("10001/1/1000.0 "));
    CHECK(!fs::exists(one.place.path() / "journal.new"));
}

TEST_CASE("first start: where there are snapshots and no journal it is refused", "[engine]") {
    const auto kind = GENERATE(kept_in::files, kept_in::memory);
    const captured_log log;
    test::small_ledger kept{kind};
    kept.take_snapshot();
    kept.take_snapshot();
    fs::remove_all(kept.where().journal());
    const auto store = test::store_in(kind, kept.where(), small_segments);
    CHECK_THROWS_WITH(begin_journal(*store, kept.snapshots(), initial_accounts::sample()),
                      StartsWith(kept.where().path().string() + ": has snapshots and no journal") &&
                          Contains("--accounts " + kept.snapshot_file(2).string()));
    CHECK(!store->has_log());
}

TEST_CASE("first start: a disk that is full is an error, and leaves no journal", "[engine]") {
    fixture one;
    auto* const before = std::signal(SIGXFSZ, SIG_IGN);
    rlimit unlimited{};
    ::getrlimit(RLIMIT_FSIZE, &unlimited);
    const rlimit limited{4096, unlimited.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
    CHECK_THROWS_WITH(
        one.begin(initial_accounts::sample()),
        StartsWith((one.place.path() / "journal.new").string()) && Contains("File too large"));
    ::setrlimit(RLIMIT_FSIZE, &unlimited);
    std::signal(SIGXFSZ, before);
    CHECK(entries(one.place.path()) == 0);
    one.begin(initial_accounts::sample());
    CHECK_THAT(one.recovered_text(), StartsWith("10001/1/1000.0 "));
}

namespace {

/// A store whose new logs are sent batches of these fates, again and again.
class lossy_store : public test::memory_store {
public:
    explicit lossy_store(std::vector<test::fate> fates) : fates_{std::move(fates)} {}
    [[nodiscard]] std::unique_ptr<journal::new_log> create() override {
        auto made = test::memory_store::create();
        being_made()->decide_by(
            [this, count = std::size_t{0}]() mutable { return fates_[count++ % fates_.size()]; });
        return made;
    }

private:
    std::vector<test::fate> fates_;
};

}  // namespace

TEST_CASE("first start: a log that loses answers has each account once", "[engine]") {
    using test::fate;
    const temporary_directory place;
    lossy_store store{{fate::answer_lost, fate::request_lost, fate::arrives}};
    begin_journal(store, place.path() / "snapshots", initial_accounts::sample());
    const captured_log log;
    const recovered found = recover(*store.read(), place.path() / "snapshots", 0ns, {});
    CHECK(found.records == 10);
    CHECK(found.skipped == 0);
    CHECK(found.ledger->size() == 10);
}

TEST_CASE("first start: a log that does not answer in time is an error, and leaves no journal",
          "[engine]") {
    const temporary_directory place;
    lossy_store store{{test::fate::request_lost}};
    CHECK_THROWS_WITH(
        begin_journal(store, place.path() / "snapshots", initial_accounts::sample(), 5ms),
        Contains("cannot be written: no answer"));
    CHECK(!store.has_log());
}
