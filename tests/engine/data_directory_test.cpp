#include "engine/data_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <chrono>
#include <thread>

#include "catch.hpp"
#include "ops/file_descriptor.hpp"
#include "snapshot/temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::data_directory;
using coffer::test::temporary_directory;
using coffer::test::write_file;

TEST_CASE("data directory: is created with its parents and left empty", "[engine]") {
    const temporary_directory place;
    const fs::path path = place.path() / "a" / "b";
    const data_directory made{path};
    CHECK(made.path() == path);
    CHECK(fs::is_directory(path));
    CHECK(fs::is_empty(path));
}

TEST_CASE("data directory: belongs to one until that one lets it go", "[engine]") {
    const temporary_directory place;
    {
        const data_directory first{place.path()};
        CHECK_THROWS_WITH(data_directory{place.path()},
                          place.path().string() + ": another server uses this data directory");
    }
    CHECK(data_directory{place.path()}.path() == place.path());
}

TEST_CASE("data directory: waits for a check that has it for a moment", "[engine]") {
    const temporary_directory place;
    coffer::file_descriptor check{place.path(), O_RDONLY | O_DIRECTORY};
    REQUIRE(::flock(check.number(), LOCK_SH | LOCK_NB) == 0);
    std::thread ending{[&check] {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        ::flock(check.number(), LOCK_UN);
    }};
    CHECK_NOTHROW(data_directory{place.path()});
    ending.join();
}

TEST_CASE("data directory: one that cannot be is named with the reason", "[engine]") {
    const temporary_directory place;
    const fs::path file = write_file(place.path() / "file", "");
    CHECK_THROWS_WITH(data_directory{file / "below"},
                      (file / "below").string() + ": cannot be created: Not a directory");
    CHECK_THROWS_AS(data_directory{file}, std::runtime_error);
}

TEST_CASE("data directory: where a copy did not come to its end it is refused, and nothing made",
          "[engine]") {
    const temporary_directory place;
    const fs::path path = place.path() / "data";
    fs::path named;
    SECTION("for the part itself, though there is a journal in it") {
        fs::create_directories(path / "journal");
        named = write_file(path / "copy.partial", "");
    }
    SECTION("for a directory that has the part in it") {
        named = path / ".partial";
        fs::create_directories(named);
    }
    SECTION("for the name beside which the part is") {
        named = place.path() / "data.partial";
        fs::create_directory(named);
        write_file(named / "copy.partial", "");
    }
    CHECK_THROWS_WITH(data_directory{path},
                      Catch::Matchers::StartsWith(
                          named.string() + ": is there, from a restore or backup that did not"));
    CHECK(std::distance(fs::directory_iterator{place.path()}, {}) == 1);
}
