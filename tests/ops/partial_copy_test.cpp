#include "ops/partial_copy.hpp"

#include "catch.hpp"
#include "snapshot/temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::unfinished_copy;
using coffer::test::temporary_directory;
using coffer::test::write_file;

TEST_CASE("partial copy: a directory with the mark is a part, whatever else it has", "[ops]") {
    const temporary_directory place;
    const fs::path ledger = place.path() / "ledger.partial";
    fs::create_directories(ledger / "journal");
    CHECK(unfinished_copy(ledger).empty());
    const fs::path mark = write_file(ledger / "copy.partial", "");
    CHECK(unfinished_copy(ledger) == mark);
}

TEST_CASE("partial copy: one in a directory or beside it counts where there is no journal",
          "[ops]") {
    const temporary_directory place;
    const fs::path ledger = place.path() / "ledger";
    fs::path part;
    fs::path named = ledger;
    SECTION("in it") {
        part = ledger / ".partial";
    }
    SECTION("beside it") {
        part = place.path() / "ledger.partial";
    }
    SECTION("beside one that is named with a slash behind it") {
        part = place.path() / "ledger.partial";
        named += "/";
    }
    SECTION("beside one that is named with a dot behind it") {
        part = place.path() / "ledger.partial";
        named /= ".";
    }
    CHECK(unfinished_copy(named).empty());
    fs::create_directories(part);
    write_file(part / "copy.partial", "");
    CHECK(unfinished_copy(named).lexically_normal() == part);
    fs::create_directories(ledger / "journal");
    CHECK(unfinished_copy(named).empty());
}

TEST_CASE("partial copy: what is beside without the mark is another ledger", "[ops]") {
    const temporary_directory place;
    fs::create_directories(place.path() / "ledger.partial" / "journal");
    CHECK(unfinished_copy(place.path() / "ledger").empty());
}
