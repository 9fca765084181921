#include "audit/partial_directory.hpp"

#include <unistd.h>

#include <filesystem>
#include <iterator>

#include "audit/data_files.hpp"
#include "catch.hpp"
#include "snapshot/temporary_directory.hpp"

using coffer::test::temporary_directory;
using namespace coffer::audit;

namespace {

namespace fs = std::filesystem;

/// For as long as this lives, modes hold for who runs the tests, be that root.
class unprivileged {
public:
    unprivileged() {
        if (before_ == 0)
            REQUIRE(::seteuid(65'534) == 0);
    }
    unprivileged(const unprivileged&) = delete;
    unprivileged& operator=(const unprivileged&) = delete;
    ~unprivileged() { static_cast<void>(!::seteuid(before_)); }

private:
    uid_t before_ = ::geteuid();
};

bool is_empty_but_for(const fs::path& directory, std::ptrdiff_t count) {
    return std::distance(fs::directory_iterator{directory}, {}) == count;
}

}  // namespace

TEST_CASE("partial directory: is no ledger and no place for one until it is finished", "[audit]") {
    const temporary_directory place;
    const auto is_refused = [](const fs::path& directory, const fs::path& named) {
        REQUIRE_THROWS_WITH(data_files::in(directory),
                            Catch::Matchers::StartsWith(
                                named.string() + ": is there, from a copy that did not come"));
    };
    SECTION("in a directory that was prepared") {
        const partial_directory part{place.path(), leftover::refuse};
        fs::create_directory(place.path() / "snapshots");
        is_refused(place.path(), place.path() / ".partial");
        fs::create_directory(part.path() / "journal");
        is_refused(part.path(), part.path() / "copy.partial");
    }
    SECTION("beside") {
        partial_directory part{place.path() / "copy", leftover::refuse};
        fs::create_directory(part.path() / "journal");
        is_refused(part.path(), part.path() / "copy.partial");
        is_refused(place.path() / "copy", part.path());
        part.empty();
        is_refused(part.path(), part.path() / "copy.partial");
        fs::create_directory(part.path() / "journal");
        part.finish();
        REQUIRE(data_files::in(place.path() / "copy").journal == place.path() / "copy/journal");
        REQUIRE(is_empty_but_for(place.path() / "copy", 1));
    }
    REQUIRE(is_empty_but_for(place.path(), 1));
}

TEST_CASE("partial directory: one that cannot be removed as a whole stays a part", "[audit]") {
    const unprivileged from_here;
    const temporary_directory place;
    const fs::path snapshots = place.path() / "snapshots";
    fs::create_directory(snapshots);
    coffer::test::write_file(snapshots / "9.json", "old");
    fs::create_directories(place.path() / ".partial/journal");
    coffer::test::write_file(place.path() / ".partial/copy.partial", "");
    fs::permissions(snapshots, fs::perms{0500});
    REQUIRE_THROWS_WITH((partial_directory{place.path(), leftover::replace}),
                        coffer::test::Contains("cannot be removed: Permission denied"));
    fs::permissions(snapshots, fs::perms{0700});
    const partial_directory made{place.path(), leftover::replace};
    REQUIRE(is_empty_but_for(place.path(), 1));
}
