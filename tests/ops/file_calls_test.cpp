#include "ops/file_calls.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "catch.hpp"
#include "snapshot/temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::test::temporary_directory;
using coffer::test::write_file;

TEST_CASE("file calls: an interrupted call is made again, and another failure is returned",
          "[ops]") {
    int calls = 0;
    CHECK(coffer::uninterrupted([&calls] {
              errno = EINTR;
              return ++calls < 3 ? -1 : 7;
          }) == 7);
    CHECK(calls == 3);
    CHECK(coffer::uninterrupted([] {
              errno = EIO;
              return -1;
          }) == -1);
    CHECK(coffer::last_error() == std::errc::io_error);
}

TEST_CASE("file calls: a directory is made for its owner and group, whatever the umask", "[ops]") {
    const temporary_directory place;
    const auto mode_with = [&place](mode_t mask, const char* name) {
        const mode_t before = ::umask(mask);
        CHECK_FALSE(coffer::make_directory(place.path() / name));
        ::umask(before);
        return fs::status(place.path() / name).permissions();
    };
    CHECK(mode_with(0, "open") == fs::perms{0750});
    CHECK(mode_with(022, "usual") == fs::perms{0750});
    CHECK(mode_with(077, "closed") == fs::perms{0700});
    CHECK(coffer::make_directory(place.path() / "open") == std::errc::file_exists);
}

TEST_CASE("file calls: a name is given and taken away", "[ops]") {
    const temporary_directory place;
    const fs::path one = write_file(place.path() / "one", "1");
    const fs::path two = write_file(place.path() / "two", "2");
    CHECK_FALSE(coffer::rename_file(one, two));
    CHECK(coffer::test::read_file(two) == "1");
    CHECK(coffer::rename_file(one, two) == std::errc::no_such_file_or_directory);
    CHECK_FALSE(coffer::sync_directory(place.path()));
    CHECK_FALSE(coffer::remove_file(two));
    CHECK(coffer::remove_file(two) == std::errc::no_such_file_or_directory);
    CHECK(coffer::sync_directory(two) == std::errc::no_such_file_or_directory);
}

TEST_CASE("file calls: a directory is created with its parents, or is there already", "[ops]") {
    const temporary_directory place;
    const fs::path deep = place.path() / "a" / "b" / "c";
    coffer::create_with_parents(deep);
    CHECK(fs::is_directory(deep));
    coffer::create_with_parents(deep);
    coffer::sync_directory_or_throw(deep);
}

TEST_CASE("file calls: a directory that cannot be created or synced is named with the reason",
          "[ops]") {
    const temporary_directory place;
    const fs::path file = write_file(place.path() / "file", "");
    CHECK_THROWS_WITH(coffer::create_with_parents(file / "below"),
                      (file / "below").string() + ": cannot be created: Not a directory");
    CHECK_THROWS_WITH(coffer::sync_directory_or_throw(file),
                      file.string() + ": cannot be synced: Not a directory");
    const fs::path missing = place.path() / "missing";
    CHECK_THROWS_WITH(coffer::sync_directory_or_throw(missing),
                      missing.string() + ": cannot be synced: No such file or directory");
}
