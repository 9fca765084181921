#include "engine/data_directory.hpp"

#include "catch.hpp"
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

TEST_CASE("data directory: one that cannot be is named with the reason", "[engine]") {
    const temporary_directory place;
    const fs::path file = write_file(place.path() / "file", "");
    CHECK_THROWS_WITH(data_directory{file / "below"},
                      (file / "below").string() + ": cannot be created: Not a directory");
    CHECK_THROWS_AS(data_directory{file}, std::runtime_error);
}
