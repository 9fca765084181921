#include "snapshot/snapshot_writer.hpp"

#include <sys/resource.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <limits>
#include <string>

#include "catch.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/snapshot_file.hpp"
#include "some_marks.hpp"
#include "temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::ledger;
using coffer::money;
using coffer::posting;
using coffer::snapshot::snapshot_directory;
using coffer::snapshot::snapshot_error;
using coffer::snapshot::write_snapshot;
using coffer::snapshot::written_snapshot;
using coffer::test::Contains;
using coffer::test::read_file;
using coffer::test::some_marks;
using coffer::test::temporary_directory;
using coffer::test::write_file;

namespace {

/// Holds files to a size, as a full disk would, while it lives.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t bytes) {
        before_handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limited{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limited);
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;
    ~file_size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, before_handler_);
    }

private:
    rlimit before_{};
    void (*before_handler_)(int);
};

std::size_t entries(const fs::path& directory) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}));
}

void open_accounts(coffer::ledger& ledger, std::uint64_t count) {
    for (std::uint64_t number = 1; number <= count; ++number) {
        REQUIRE(ledger.open(number, money::from_minor(static_cast<std::int64_t>(number * 37))));
        for (std::uint64_t i = 0; i != number % 3; ++i)
            REQUIRE(ledger.deposit(number, money::from_minor(1)));
    }
}

/// How many accounts a file has, each as it is in `ledger`.
std::size_t read_back(const fs::path& file, const coffer::ledger& ledger) {
    std::size_t count = 0;
    coffer::snapshot::read_accounts(file, [&](const posting& each) -> std::optional<std::string> {
        ++count;
        const coffer::outcome there = ledger.balance(each.account);
        if (!there || there.posting.balance != each.balance ||
            there.posting.sequence != each.sequence)
            return "it is not what the ledger has";
        return std::nullopt;
    });
    return count;
}

}  // namespace

TEST_CASE("snapshot: what is written is what the ledger has", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    open_accounts(ledger, 100'000);
    const written_snapshot written = write_snapshot(ledger, directory, 1, some_marks());
    CHECK(written.number == 1);
    CHECK(written.accounts == 100'000);
    CHECK(written.file == place.path() / "1.json");
    CHECK(read_back(written.file, ledger) == 100'000);
    CHECK(read_back(place.path() / "latest.json", ledger) == 100'000);
    CHECK(coffer::snapshot::count_accounts(written.file) == 100'000);
    CHECK(entries(place.path()) == 2);
}

TEST_CASE("snapshot: is JSON, with a count and a total", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    open_accounts(ledger, 3);
    const auto parsed =
        boost::json::parse(read_file(write_snapshot(ledger, directory, 1, some_marks()).file))
            .as_object();
    CHECK(parsed.at("format") == 3);
    CHECK(parsed.at("ledger") == "0123456789abcdef00000000000000ff");
    CHECK(parsed.at("after_record") == 7);
    CHECK(parsed.at("until_record") == 9);
    CHECK(parsed.at("number") == 1);
    CHECK(parsed.at("accounts").as_array().size() == 3);
    CHECK(parsed.at("count") == 3);
    CHECK(parsed.at("total") == 2.25);
    const std::string taken_at{parsed.at("taken_at").as_string()};
    CHECK(taken_at.size() == std::string{"2026-11-23T15:00:00Z"}.size());
    CHECK(taken_at > "2020");
}

TEST_CASE("snapshot: a ledger with no accounts makes one that can be read", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    const written_snapshot written = write_snapshot(ledger, directory, 1, some_marks());
    CHECK(written.accounts == 0);
    CHECK(read_back(written.file, ledger) == 0);
    CHECK(boost::json::parse(read_file(written.file)).at("accounts").as_array().empty());
}

TEST_CASE("snapshot: the total is exact beyond 64 bits", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    for (const coffer::account_number number : {1U, 2U, 3U})
        REQUIRE(ledger.open(number, money::from_minor(std::numeric_limits<std::int64_t>::max())));
    const std::string text = read_file(write_snapshot(ledger, directory, 1, some_marks()).file);
    CHECK_THAT(text, coffer::test::Contains(R"(],"count":3,"total":276701161105643274.21,)"));
}

TEST_CASE("snapshot: numbers go on and the oldest go, by number", "[snapshot]") {
    const temporary_directory place;
    write_file(place.path() / "8.json", "");
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    for (const std::uint64_t number : {9U, 10U, 11U})
        CHECK(write_snapshot(ledger, directory, 2, some_marks()).number == number);
    CHECK(fs::exists(directory.file(10)));
    CHECK(fs::exists(directory.file(11)));
    CHECK(fs::read_symlink(place.path() / "latest.json") == "11.json");
    CHECK(entries(place.path()) == 3);
}

TEST_CASE("snapshot: one that does not fit leaves nothing behind", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    open_accounts(ledger, 20'000);
    snapshot_directory elsewhere{place.path() / "elsewhere"};
    const auto whole =
        static_cast<rlim_t>(fs::file_size(write_snapshot(ledger, elsewhere, 1, some_marks()).file));
    REQUIRE(whole > 1'000'000);
    fs::remove_all(elsewhere.path());
    // At the first write, inside a later one, and at the very last byte.
    for (const rlim_t bytes : {rlim_t{0}, rlim_t{600'000}, whole - 1}) {
        const file_size_limit limit{bytes};
        CHECK_THROWS_WITH(write_snapshot(ledger, directory, 1, some_marks()),
                          directory.temporary(1).string() + ": cannot be written: File too large");
        CHECK(entries(place.path()) == 0);
    }
    CHECK(write_snapshot(ledger, directory, 1, some_marks()).number == 1);
    CHECK(read_back(directory.file(1), ledger) == 20'000);
}

TEST_CASE("snapshot: one that cannot be linked to is taken all the same", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    open_accounts(ledger, 3);
    fs::create_directory(place.path() / "latest.json");
    CHECK(write_snapshot(ledger, directory, 1, some_marks()).number == 1);
    CHECK(read_back(directory.file(1), ledger) == 3);
    CHECK(entries(place.path()) == 2);
    fs::remove(place.path() / "latest.json");
    CHECK(write_snapshot(ledger, directory, 1, some_marks()).number == 2);
}

TEST_CASE("snapshot: a directory that is gone is made again, and a file in its place is an error",
          "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path() / "snapshots"};
    coffer::ledger ledger;
    fs::remove(directory.path());
    CHECK(write_snapshot(ledger, directory, 1, some_marks()).number == 1);
    fs::remove_all(directory.path());
    write_file(directory.path(), "");
    CHECK_THROWS_WITH(write_snapshot(ledger, directory, 1, some_marks()),
                      Contains(directory.path().string()));
}

TEST_CASE("snapshot: what is durable before the cut is asked first, the barrier after it",
          "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    open_accounts(ledger, 1);
    std::string asked;
    coffer::snapshot::journal_marks marks = some_marks();
    // What is posted when either is asked tells which side of the cut that was on.
    marks.durable_record = [&] {
        REQUIRE(ledger.deposit(1, money::from_minor(1000)));
        asked += "durable ";
        return std::uint64_t{3};
    };
    marks.keys_from = [&](std::uint64_t durable_record) {
        CHECK(durable_record == 3);
        asked += "keys ";
        return std::uint64_t{2};
    };
    marks.barrier = [&] {
        REQUIRE(ledger.deposit(1, money::from_minor(1'000'000)));
        asked += "barrier ";
        CHECK(!fs::exists(directory.file(1)));
        return std::uint64_t{5};
    };
    const std::string text = read_file(write_snapshot(ledger, directory, 1, marks).file);
    CHECK(asked == "durable keys barrier ");
    CHECK_THAT(text, coffer::test::Contains(R"("after_record":3,"keys_from":2,)"));
    CHECK_THAT(text, coffer::test::Contains(
                         R"("total":10.38,"hold_count":0,"held":0.0,"until_record":5,)"));
}

TEST_CASE("write_snapshot: one that does not hold is not published, and replaces nothing",
          "[snapshot]") {
    const temporary_directory place;
    coffer::ledger ledger;
    REQUIRE(ledger.open(7, money::from_minor(1)));
    snapshot_directory directory{place.path()};
    const written_snapshot before = write_snapshot(ledger, directory, 1, some_marks());
    // Its journal ends before what it has.
    CHECK_THROWS_WITH(write_snapshot(ledger, directory, 1, some_marks(9, 7)),
                      Contains("contradicts itself"));
    CHECK(coffer::snapshot::list_snapshots(place.path()) == std::vector<fs::path>{before.file});
}

TEST_CASE("snapshot: there is none, nor a part of one, once the journal has failed", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    open_accounts(ledger, 20'000);
    coffer::snapshot::journal_marks marks = some_marks();
    marks.barrier = [] { return std::nullopt; };
    CHECK_THROWS_WITH(write_snapshot(ledger, directory, 1, marks),
                      directory.file(1).string() + ": is not written: the journal has failed");
    CHECK(entries(place.path()) == 0);
}

TEST_CASE("snapshot: one that is to give way is given up, and its cut is ended", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    coffer::ledger ledger;
    open_accounts(ledger, 20'000);
    coffer::snapshot::journal_marks marks = some_marks();
    int looks = 0;
    marks.must_give_way = [&looks] { return ++looks == 3; };
    CHECK_THROWS_WITH(write_snapshot(ledger, directory, 1, marks),
                      directory.file(1).string() + ": is given up: the ledger waits for its cut");
    CHECK(looks == 3);  // and the other accounts were only moved
    CHECK(entries(place.path()) == 0);
    CHECK(ledger.begin_cut());
}

TEST_CASE("snapshot: accounts with holds, and closed ones, come back as they were", "[snapshot]") {
    const temporary_directory place;
    ledger ledger;
    REQUIRE(ledger.open(1, money::from_minor(10000)));
    REQUIRE(ledger.open(2));
    REQUIRE(ledger.close(2));
    const auto open_one = ledger.place_hold(1, money::from_minor(700), 99).hold;
    const auto ended_one = ledger.place_hold(1, money::from_minor(300)).hold;
    const auto forgotten_one = ledger.place_hold(1, money::from_minor(200)).hold;
    REQUIRE(ledger.capture(1, open_one.id, {money::from_minor(100), false, 0}));
    REQUIRE(ledger.release(1, ended_one.id, coffer::hold_status::expired));
    REQUIRE(ledger.release(1, forgotten_one.id));
    REQUIRE(ledger.forget_hold(1, forgotten_one.id));
    snapshot_directory directory{place.path()};
    const auto written = write_snapshot(ledger, directory, 1, some_marks());
    const auto info = coffer::snapshot::check_snapshot(written.file);
    CHECK(info.holds == 2);
    CHECK(info.held_minor == 600);
    CHECK(info.total_minor == 9900);
    coffer::ledger again;
    int holds = 0;
    coffer::snapshot::read_accounts(
        written.file,
        [&again](const coffer::account_view& listed) {
            REQUIRE(again.restore(listed, listed.status));
            return std::optional<std::string>{};
        },
        [&](const coffer::hold& listed) {
            ++holds;
            REQUIRE(again.restore_hold(listed) == coffer::errc::ok);
            return std::optional<std::string>{};
        });
    CHECK(holds == 2);
    CHECK(again.look(2).account.status == coffer::account_status::closed);
    CHECK(again.balance(1).posting.sequence == ledger.balance(1).posting.sequence);
    CHECK(again.balance(1).posting.held == money::from_minor(600));
    const auto found = again.find_hold(1, open_one.id).hold;
    CHECK(found.amount == money::from_minor(700));
    CHECK(found.captured == money::from_minor(100));
    CHECK(found.remaining == money::from_minor(600));
    CHECK(found.expires_at_ns == 99);
    CHECK(again.find_hold(1, ended_one.id).hold.status == coffer::hold_status::expired);
}
