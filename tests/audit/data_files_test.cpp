#include "audit/data_files.hpp"

#include <filesystem>

#include "catch.hpp"
#include "snapshot/temporary_directory.hpp"

using coffer::test::temporary_directory;
using namespace coffer::audit;

TEST_CASE("data files: a directory that is none is refused by its name", "[audit]") {
    const temporary_directory place;
    const auto nowhere = place.path() / "nowhere";
    REQUIRE_THROWS_WITH(data_files::in(nowhere), coffer::test::Contains(nowhere.string()) &&
                                                     coffer::test::Contains("No such file"));
    const auto file = coffer::test::write_file(place.path() / "file", "text");
    REQUIRE_THROWS_WITH(data_files::in(file), coffer::test::Contains("is no directory"));
    REQUIRE_THROWS_WITH(data_files::in(place.path()), coffer::test::Contains("has no journal"));
}

TEST_CASE("data files: snapshots without a journal are told to be there", "[audit]") {
    const temporary_directory place;
    std::filesystem::create_directory(place.path() / "snapshots");
    REQUIRE_THROWS_WITH(data_files::in(place.path()),
                        coffer::test::Contains("its snapshots alone are no history"));
}

TEST_CASE("data files: journal and snapshots are where the server has them", "[audit]") {
    const temporary_directory place;
    std::filesystem::create_directory(place.path() / "journal");
    const data_files found = data_files::in(place.path());
    REQUIRE(found.directory == place.path());
    REQUIRE(found.journal == place.path() / "journal");
    REQUIRE(found.snapshots == place.path() / "snapshots");
}
