#include "snapshot/directory_sync.hpp"

#include "catch.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::snapshot::create_with_parents;
using coffer::snapshot::sync_directory;
using coffer::test::temporary_directory;
using coffer::test::write_file;

TEST_CASE("directories: are created with their parents, or are there", "[snapshot]") {
    const temporary_directory place;
    const fs::path deep = place.path() / "a" / "b" / "c";
    create_with_parents(deep);
    CHECK(fs::is_directory(deep));
    create_with_parents(deep);
    sync_directory(deep);
}

TEST_CASE("directories: what cannot be is named with the reason", "[snapshot]") {
    const temporary_directory place;
    const fs::path file = write_file(place.path() / "file", "");
    CHECK_THROWS_WITH(create_with_parents(file / "below"),
                      (file / "below").string() + ": cannot be created: Not a directory");
    CHECK_THROWS_WITH(sync_directory(file), file.string() + ": cannot be synced: Not a directory");
    const fs::path missing = place.path() / "missing";
    CHECK_THROWS_WITH(sync_directory(missing),
                      missing.string() + ": cannot be synced: No such file or directory");
}
