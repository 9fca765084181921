#include "journal/file_store.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "batches.hpp"
#include "catch.hpp"
#include "journal/segment.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::test::Contains;
using coffer::test::deposits;
using coffer::test::temporary_directory;
using coffer::test::write_file;
using namespace coffer::journal;

namespace {

constexpr file_log::options small{.segment_bytes = 16384, .least_bytes = 8192, .first_bytes = 8192};

batch_position end_of(const file_store& store) {
    const auto from = store.read()->read_from(1);
    while (from->next()) {
    }
    return from->position();
}

/// The files of a directory, by name.
std::map<std::string, std::string> contents(const fs::path& directory) {
    std::map<std::string, std::string> found;
    for (const auto& each : fs::directory_iterator{directory}) {
        std::ifstream in{each.path(), std::ios::binary};
        found[each.path().filename()] = {std::istreambuf_iterator<char>{in}, {}};
    }
    return found;
}

}  // namespace

TEST_CASE("file store: a new log is there once it is published, and not before", "[journal]") {
    const temporary_directory place;
    file_store store{place.path() / "journal", small};
    CHECK(!store.has_log());
    {
        const auto made = store.create();
        deposits{}.append(made->log(), 3);
        CHECK(!store.has_log());
        made->publish();
        CHECK(store.has_log());
    }
    CHECK(store.has_log());
    CHECK(!fs::exists(place.path() / "journal.new"));
    CHECK(store.open(end_of(store))->tail().next_record == 4);
    for (const auto& each : fs::directory_iterator{place.path() / "journal"})
        CHECK(each.file_size() == (each.path().extension() == ".journal" ? 8192 : 16384));
}

TEST_CASE("file store: nothing is left of a log that is not published", "[journal]") {
    const temporary_directory place;
    file_store store{place.path() / "journal", small};
    {
        const auto made = store.create();
        deposits{}.append(made->log(), 3);
    }
    CHECK(fs::is_empty(place.path()));
}

TEST_CASE("file store: what a crash left of a log in the making is removed", "[journal]") {
    const temporary_directory place;
    fs::create_directory(place.path() / "journal.new");
    write_file(place.path() / "journal.new" / "spare.tmp", "half a spare");
    file_store store{place.path() / "journal", small};
    CHECK(!store.has_log());
    store.create()->publish();
    CHECK(end_of(store).next_record == 1);
}

TEST_CASE("file store: a log that is there is never replaced", "[journal]") {
    const temporary_directory place;
    file_store store{place.path() / "journal", small};
    const auto made = store.create();
    deposits{}.append(made->log(), 3);
    made->publish();
    CHECK_THROWS_WITH(store.create()->publish(), Contains("cannot be put in place"));
    CHECK(end_of(store).next_record == 4);
}

TEST_CASE("file store: a log that ends elsewhere than it was read to is not appended to",
          "[journal]") {
    const temporary_directory place;
    file_store store{place.path() / "journal", small};
    store.create()->publish();
    const batch_position before = end_of(store);
    deposits{}.append(*store.open(before), 3);
    CHECK_THROWS_WITH(store.open(before),
                      Contains("ends with record 3 by now, and not with record 0"));
}

TEST_CASE("file store: a log that is not appended to is not changed either", "[journal]") {
    const temporary_directory place;
    const fs::path directory = place.path() / "journal";
    file_store store{directory, small};
    store.create()->publish();
    const batch_position before = end_of(store);
    // Another writer appends a batch, has room ahead, and has written the next one in part.
    const auto other = store.open(before);
    deposits given;
    given.append(*other, 3);
    REQUIRE(other->make_room());
    const std::string with_one = contents(directory).at(segment_name(1));
    given.append(*other, 20);
    const std::string with_two = contents(directory).at(segment_name(1));
    const auto first_new = std::ranges::mismatch(with_one, with_two).in1 - with_one.begin();
    constexpr std::ptrdiff_t sector_bytes = 512;
    const auto written = static_cast<std::size_t>((first_new / sector_bytes + 1) * sector_bytes);
    write_file(directory / segment_name(1), with_two.substr(0, written) + with_one.substr(written));
    const auto there = contents(directory);
    REQUIRE(there.contains(std::string{spare_name}));
    CHECK_THROWS_WITH(store.open(before), Contains("ends with record 3 by now"));
    CHECK(contents(directory) == there);
}

TEST_CASE("file store: a journal without segments is not begun again when it is opened",
          "[journal]") {
    const temporary_directory place;
    const fs::path directory = place.path() / "journal";
    file_store store{directory, small};
    store.create()->publish();
    const batch_position before = end_of(store);
    fs::remove(directory / segment_name(1));
    CHECK_THROWS_WITH(store.open(before), Contains("there is no segment of a journal here"));
    CHECK(fs::is_empty(directory));
}

TEST_CASE("file store: it is an invariant that the store outlives the log it has opened",
          "[journal]") {
    const temporary_directory place;
    auto store = std::make_unique<file_store>(place.path() / "journal", small);
    store->create()->publish();
    auto log = store->open(end_of(*store));
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // not the test runner's handler
        ::close(STDERR_FILENO);
        store.reset();
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
    log.reset();
    store.reset();
}

TEST_CASE("file store: only the first segment of a new log is a small one", "[journal]") {
    const temporary_directory place;
    const coffer::test::captured_log log;
    file_store store{place.path() / "journal", small};
    const auto made = store.create();
    deposits given;
    for (int i = 0; i != 30; ++i)
        given.append(made->log(), 20);
    made->publish();
    std::size_t segments = 0;
    for (const auto& each : fs::directory_iterator{place.path() / "journal"}) {
        if (each.path().extension() != ".journal")
            continue;
        ++segments;
        CHECK(each.file_size() == (each.path().filename() == segment_name(1) ? 8192 : 16384));
    }
    CHECK(segments >= 3);
    CHECK(log.text().empty());
}
