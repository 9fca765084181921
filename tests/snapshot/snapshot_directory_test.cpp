#include "snapshot/snapshot_directory.hpp"

#include <string>

#include "catch.hpp"
#include "temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::snapshot::snapshot_directory;
using coffer::snapshot::snapshot_error;
using coffer::test::read_file;
using coffer::test::temporary_directory;
using coffer::test::write_file;

namespace {

std::size_t entries(const fs::path& directory) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}));
}

void publish(snapshot_directory& directory, std::uint64_t number) {
    write_file(directory.temporary(number), std::to_string(number));
    directory.publish(number);
}

const char* const foreign_names[] = {"notes.txt",    "11.json.tmp",  "007.json",
                                     "0.json",       "-1.json",      "+1.json",
                                     "1.json.bak",   "1.JSON",       "x1.json",
                                     ".json",        " 1.json",      ".05.json.tmp",
                                     "1.json.tmp",   ".1.json.tmp2", ".1.json",
                                     "..1.json.tmp", ".x.json.tmp",  "18446744073709551616.json"};

}  // namespace

TEST_CASE("snapshot directory: is created with its parents and left empty", "[snapshot]") {
    const temporary_directory place;
    const snapshot_directory directory{place.path() / "a" / "b" / "c/"};
    CHECK(directory.path() == place.path() / "a" / "b" / "c");
    CHECK(fs::is_directory(directory.path()));
    CHECK(entries(directory.path()) == 0);
    CHECK(directory.latest() == std::nullopt);
    CHECK(directory.next_number() == 1);
}

TEST_CASE("snapshot directory: one that cannot be is a clear error", "[snapshot]") {
    const temporary_directory place;
    const fs::path file = write_file(place.path() / "file", "kept");
    CHECK_THROWS_WITH(snapshot_directory{file},
                      file.string() + ": cannot be created: Not a directory");
    const fs::path below = file / "below";
    CHECK_THROWS_WITH(snapshot_directory{below},
                      below.string() + ": cannot be created: Not a directory");
    CHECK(read_file(file) == "kept");
}

TEST_CASE("snapshot directory: one that takes no files is a clear error", "[snapshot]") {
    // Nobody may make a file there, the superuser included.
    if (!fs::is_directory("/proc/self"))
        return;
    CHECK_THROWS_AS(snapshot_directory{"/proc/self"}, snapshot_error);
    CHECK_THROWS_WITH(snapshot_directory{"/proc/self"},
                      Catch::Matchers::StartsWith("/proc/self: is not writable: "));
}

TEST_CASE("snapshot directory: the newest is the one with the highest number", "[snapshot]") {
    const temporary_directory place;
    for (const char* name : {"9.json", "10.json", "8.json"})
        write_file(place.path() / name, name);
    fs::create_directory(place.path() / "11.json");
    const snapshot_directory directory{place.path()};
    CHECK(directory.latest() == place.path() / "10.json");
    // Not 11: a snapshot could not be renamed to a directory.
    CHECK(directory.next_number() == 12);
}

TEST_CASE("snapshot directory: numbers go on above what was published", "[snapshot]") {
    const temporary_directory place;
    write_file(place.path() / "41.json", "");
    snapshot_directory directory{place.path()};
    CHECK(directory.next_number() == 42);
    publish(directory, 42);
    CHECK(directory.next_number() == 43);
    fs::remove(place.path() / "42.json");
    CHECK(directory.next_number() == 43);
    write_file(place.path() / "18446744073709551615.json", "");
    CHECK_THROWS_AS(directory.next_number(), snapshot_error);
}

TEST_CASE("snapshot directory: a published snapshot has its name and latest.json leads to it",
          "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    for (const std::uint64_t number : {1U, 2U}) {
        publish(directory, number);
        CHECK(read_file(directory.file(number)) == std::to_string(number));
        CHECK(fs::read_symlink(place.path() / "latest.json") == std::to_string(number) + ".json");
        CHECK(read_file(place.path() / "latest.json") == std::to_string(number));
    }
    CHECK(entries(place.path()) == 3);
}

TEST_CASE("snapshot directory: latest.json is replaced whatever it was before, but for a directory",
          "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    write_file(place.path() / "latest.json", "a file");
    fs::create_symlink("nowhere", place.path() / ".latest.json.tmp");
    publish(directory, 1);
    CHECK(fs::read_symlink(place.path() / "latest.json") == "1.json");

    fs::remove(place.path() / "latest.json");
    fs::create_directory(place.path() / "latest.json");
    publish(directory, 2);
    CHECK(fs::is_directory(place.path() / "latest.json"));
    CHECK(read_file(directory.file(2)) == "2");
    CHECK(entries(place.path()) == 3);
    CHECK(directory.next_number() == 3);
}

TEST_CASE("snapshot directory: what is not there cannot be published", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    CHECK_THROWS_WITH(
        directory.publish(1),
        directory.file(1).string() + ": cannot be put in place: No such file or directory");
    CHECK(entries(place.path()) == 0);
    CHECK(directory.next_number() == 1);
}

TEST_CASE("snapshot directory: the newest stay by number, not by name", "[snapshot]") {
    const temporary_directory place;
    snapshot_directory directory{place.path()};
    for (std::uint64_t number = 8; number <= 11; ++number)
        publish(directory, number);
    directory.prune(4);
    CHECK(entries(place.path()) == 5);
    directory.prune(2);
    CHECK(fs::exists(directory.file(11)));
    CHECK(fs::exists(directory.file(10)));
    CHECK(entries(place.path()) == 3);
    directory.prune(0);
    CHECK(fs::exists(directory.file(11)));
    CHECK(entries(place.path()) == 2);
}

TEST_CASE("snapshot directory: what is called differently is never touched", "[snapshot]") {
    const temporary_directory place;
    for (const char* name : foreign_names)
        write_file(place.path() / name, name);
    fs::create_directory(place.path() / "1.json");
    fs::create_symlink("notes.txt", place.path() / "2.json");
    snapshot_directory directory{place.path()};
    CHECK(directory.latest() == std::nullopt);
    publish(directory, directory.next_number());
    publish(directory, directory.next_number());
    directory.prune(1);
    for (const char* name : foreign_names)
        CHECK(read_file(place.path() / name) == name);
    CHECK(fs::is_directory(place.path() / "1.json"));
    CHECK(fs::is_symlink(place.path() / "2.json"));
    CHECK(directory.latest() == directory.file(4));
    CHECK(!fs::exists(directory.file(3)));
}

TEST_CASE("snapshot directory: what a killed process left unfinished is removed", "[snapshot]") {
    const temporary_directory place;
    for (const char* name : {".1.json.tmp", ".18446744073709551615.json.tmp", ".probe.json.tmp"})
        write_file(place.path() / name, "half a snap");
    fs::create_symlink("nowhere", place.path() / ".latest.json.tmp");
    write_file(place.path() / "1.json", "whole");
    const snapshot_directory directory{place.path()};
    CHECK(entries(place.path()) == 1);
    CHECK(directory.next_number() == 2);
}

TEST_CASE("snapshot directory: snapshots are listed, the newest by number first", "[snapshot]") {
    const temporary_directory place;
    for (const char* name : {"9.json", "10.json", "8.json", "notes.txt", ".11.json.tmp"})
        write_file(place.path() / name, name);
    fs::create_directory(place.path() / "12.json");
    fs::create_symlink("10.json", place.path() / "latest.json");
    CHECK(coffer::snapshot::list_snapshots(place.path()) ==
          std::vector<fs::path>{place.path() / "10.json", place.path() / "9.json",
                                place.path() / "8.json"});
    CHECK(fs::exists(place.path() / ".11.json.tmp"));
    CHECK(coffer::snapshot::list_snapshots(place.path() / "missing").empty());
    CHECK_THROWS_AS(coffer::snapshot::list_snapshots(place.path() / "9.json"), snapshot_error);
}
