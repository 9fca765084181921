#include "audit/data_copy.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "audit/auditor.hpp"
#include "audit/partial_directory.hpp"
#include "audit/restore.hpp"
#include "catch.hpp"
#include "journal/opened_log.hpp"
#include "planted_data.hpp"

using coffer::money;
using coffer::test::opened_log;
using coffer::test::planted_data;
using coffer::test::temporary_directory;
using namespace coffer::audit;

namespace {

namespace fs = std::filesystem;

const patient_reader::pause no_wait = [] {};

/// Some segments, of which the last goes on, and two snapshots.
void fill(planted_data& data) {
    data.open(7, 10'000, "key");
    data.open(8, 0);
    data.commit(1'000);
    static_cast<void>(data.write(data.snapshot(1)));
    for (std::uint64_t time_ns = 2'000; data.segments().size() != 3; ++time_ns) {
        for (int i = 0; i != 10; ++i)
            data.transfer(7, 8, 1);
        data.commit(time_ns);
    }
    static_cast<void>(data.write(data.snapshot(2)));
}

/// What is in all files below, by their names; but for the segment that no batch is in yet.
std::map<std::string, std::string> content(const fs::path& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator{directory})
        if (entry.is_regular_file() && entry.path().filename() != "spare.tmp")
            files[fs::relative(entry.path(), directory).string()] =
                coffer::test::read_file(entry.path());
    return files;
}

/// No more files may be open than so many, as long as this lives.
class open_files_limit {
public:
    explicit open_files_limit(rlim_t files) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit limited{files, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &limited);
    }
    open_files_limit(const open_files_limit&) = delete;
    open_files_limit& operator=(const open_files_limit&) = delete;
    ~open_files_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

bool is_empty_but_for(const fs::path& directory, std::ptrdiff_t count) {
    return std::distance(fs::directory_iterator{directory}, {}) == count;
}

}  // namespace

TEST_CASE("backup: has the same in its files", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const auto made = back_up(data.path(), place.path() / "copy", leftover::refuse, no_wait);
    REQUIRE(made.left_out.empty());
    REQUIRE(made.audited.holds());
    REQUIRE(made.audited.directory == (place.path() / "copy").string());
    REQUIRE(content(place.path() / "copy") == content(data.path()));
    REQUIRE(fs::read_symlink(place.path() / "copy/snapshots/latest.json") == "2.json");
    REQUIRE(is_empty_but_for(place.path(), 1));
}

TEST_CASE("backup: what is made of it by restore goes on as the original would", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const fs::path restored = place.path() / "restored";
    fs::create_directory(restored);
    static_cast<void>(back_up(data.path(), place.path() / "copy", leftover::refuse, no_wait));
    const auto made = restore({place.path() / "copy"}, restored, leftover::refuse, no_wait);
    REQUIRE(is_same_data(made.audited, data.examine()));
    REQUIRE(content(restored) == content(data.path()));

    coffer::journal::posix_storage storage{restored / "journal"};
    const auto log = opened_log(storage, {.segment_bytes = 8'192});
    REQUIRE(log->tail() == data.log().tail());
    coffer::journal::batch_builder batch;
    REQUIRE(log->append(batch.seal(log->tail(), {})));
    REQUIRE(log->wait_durable());
}

TEST_CASE("backup: of more snapshots than files may be open has them all", "[audit]") {
    planted_data data;
    fill(data);
    constexpr int snapshots = 70;
    for (int number = 3; number <= snapshots; ++number)
        static_cast<void>(data.write(data.snapshot(number)));
    const temporary_directory place;
    const open_files_limit limit{64};
    const auto made = back_up(data.path(), place.path() / "copy", leftover::refuse, no_wait);
    REQUIRE(made.audited.holds());
    REQUIRE(made.audited.snapshots.size() == snapshots);
    REQUIRE(content(place.path() / "copy") == content(data.path()));
}

TEST_CASE("backup: leaves out a torn tail and a damaged snapshot", "[audit]") {
    planted_data data;
    fill(data);
    planted_data::flip(data.path() / "snapshots/1.json", 150);
    planted_data::flip(data.segment(data.segments().back()), 8'000);
    const temporary_directory place;
    const auto made = back_up(data.path(), place.path() / "copy", leftover::refuse, no_wait);
    REQUIRE(made.audited.holds());
    REQUIRE_FALSE(made.audited.journal.torn);
    REQUIRE(made.left_out.size() == 1);
    REQUIRE_THAT(made.left_out.front(), coffer::test::Contains("1.json"));
    REQUIRE(made.audited.snapshots.size() == 1);
    REQUIRE(made.audited.journal.last_record == data.last_record());
}

TEST_CASE("backup: of a journal that was trimmed holds", "[audit]") {
    planted_data data;
    fill(data);
    REQUIRE(data.log().trim(data.segments()[1]));
    const temporary_directory place;
    const auto made = back_up(data.path(), place.path() / "copy", leftover::refuse, no_wait);
    REQUIRE(made.audited.holds());
    REQUIRE(content(place.path() / "copy") == content(data.path()));
}

TEST_CASE("backup: of a journal with nothing in it holds", "[audit]") {
    planted_data data;
    const temporary_directory place;
    REQUIRE(back_up(data.path(), place.path() / "copy", leftover::refuse, no_wait).audited.holds());
    REQUIRE(content(place.path() / "copy") == content(data.path()));
}

TEST_CASE("backup: nothing is overwritten", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const auto file = coffer::test::write_file(place.path() / "file", "mine");
    REQUIRE_THROWS_WITH(back_up(data.path(), place.path(), leftover::refuse, no_wait),
                        coffer::test::Contains("is not overwritten"));
    REQUIRE_THROWS_WITH(back_up(data.path(), file, leftover::refuse, no_wait),
                        coffer::test::Contains("not overwritten"));
    REQUIRE_THROWS_WITH(restore({data.path()}, place.path(), leftover::refuse, no_wait),
                        coffer::test::Contains("is not overwritten"));
    REQUIRE(coffer::test::read_file(file) == "mine");
    REQUIRE(is_empty_but_for(place.path(), 1));
}

TEST_CASE("backup: a directory that was prepared keeps what it is", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const fs::path prepared = place.path() / "prepared";
    fs::create_directory(prepared);
    fs::permissions(prepared, fs::perms{0711});
    struct stat before {};
    REQUIRE(::stat(prepared.c_str(), &before) == 0);
    fs::path named = prepared;
    SECTION("by its name") {}
    SECTION("with a slash behind it") {
        named += "/";
    }
    SECTION("with a dot behind it") {
        named /= ".";
    }
    SECTION("by a symbolic link") {
        named = place.path() / "link";
        fs::create_directory_symlink("prepared", named);
    }
    SECTION("as the root of a file system") {
        fs::create_directory(prepared / "lost+found");
    }
    REQUIRE(back_up(data.path(), named, leftover::refuse, no_wait).audited.holds());
    struct stat after {};
    REQUIRE(::stat(prepared.c_str(), &after) == 0);
    REQUIRE(after.st_ino == before.st_ino);
    REQUIRE(after.st_mode == before.st_mode);
    REQUIRE(content(prepared) == content(data.path()));
    REQUIRE_FALSE(fs::exists(prepared / ".partial"));
    REQUIRE_FALSE(fs::exists(place.path() / "prepared.partial"));
}

TEST_CASE("backup: what is made is for its owner and group alone, whatever the umask", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const mode_t mask = ::umask(0);
    static_cast<void>(back_up(data.path(), place.path() / "copy", leftover::refuse, no_wait));
    ::umask(mask);
    REQUIRE(fs::status(place.path() / "copy").permissions() == fs::perms{0750});
    for (const auto& entry : fs::recursive_directory_iterator{place.path() / "copy"})
        if (!entry.is_symlink())
            REQUIRE(entry.status().permissions() ==
                    (entry.is_directory() ? fs::perms{0750} : fs::perms{0640}));
}

TEST_CASE("backup: what a killed one has left is named, and replaced if that is asked for",
          "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const fs::path copy = place.path() / "copy";
    fs::path part = place.path() / "copy.partial";
    SECTION("beside") {}
    SECTION("in a directory that was prepared") {
        part = copy / ".partial";
    }
    SECTION("when its snapshots had their place already") {
        part = copy / ".partial";
        fs::create_directories(copy / "snapshots");
        coffer::test::write_file(copy / "snapshots/9.json", "old");
    }
    SECTION("when it had its name and still its mark") {
        part = copy;
    }
    fs::create_directories(part / "journal");
    coffer::test::write_file(part / "copy.partial", "");
    coffer::test::write_file(part / "journal/half", "old");
    REQUIRE_THROWS_WITH(back_up(data.path(), copy, leftover::refuse, no_wait),
                        Catch::Matchers::StartsWith(
                            part.string() + ": is there already, from a copy that did not") &&
                            coffer::test::Contains("--force"));
    REQUIRE(fs::exists(part / "journal/half"));
    REQUIRE(back_up(data.path(), copy, leftover::replace, no_wait).audited.holds());
    REQUIRE(content(copy) == content(data.path()));
    REQUIRE((part == copy || !fs::exists(part)));
}

TEST_CASE("backup: what a crash left while a part was removed is replaced", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const fs::path copy = place.path() / "copy";
    SECTION("with nothing in it but its mark") {
        fs::create_directory(place.path() / "copy.partial");
        coffer::test::write_file(place.path() / "copy.partial/copy.partial", "");
    }
    SECTION("with nothing in it") {
        fs::create_directory(place.path() / "copy.partial");
    }
    SECTION("in a directory that was prepared, once its snapshots were gone") {
        fs::create_directories(copy / ".partial" / "journal");
        coffer::test::write_file(copy / ".partial/copy.partial", "");
    }
    REQUIRE(back_up(data.path(), copy, leftover::replace, no_wait).audited.holds());
    REQUIRE(content(copy) == content(data.path()));
    REQUIRE(is_empty_but_for(place.path(), 1));
}

TEST_CASE("backup: what is no part of a copy is not replaced", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const fs::path copy = place.path() / "copy";
    const auto refused = [&](const std::string& reason) {
        REQUIRE_THROWS_WITH(back_up(data.path(), copy, leftover::replace, no_wait),
                            coffer::test::Contains(reason));
    };
    SECTION("something else beside") {
        const auto mine = place.path() / "copy.partial" / "mine";
        fs::create_directories(mine);
        refused("copy.partial: is there already, and is no part of a copy");
        REQUIRE(fs::exists(mine));
    }
    SECTION("a ledger beside") {
        const fs::path ledger = place.path() / "copy.partial";
        static_cast<void>(back_up(data.path(), ledger, leftover::refuse, no_wait));
        refused("copy.partial: is there already, and is no part of a copy");
        REQUIRE(content(ledger) == content(data.path()));
    }
    SECTION("a ledger within") {
        const fs::path ledger = copy / ".partial";
        fs::create_directory(copy);
        static_cast<void>(back_up(data.path(), ledger, leftover::refuse, no_wait));
        refused(".partial: is there already, and is no part of a copy");
        REQUIRE(content(ledger) == content(data.path()));
    }
    SECTION("snapshots of another beside a directory that is empty") {
        fs::create_directories(copy / ".partial");
        fs::create_directories(copy / "snapshots");
        refused("copy: is there already, and is not overwritten");
        REQUIRE(fs::exists(copy / "snapshots"));
    }
    SECTION("something of another in a part") {
        fs::create_directories(place.path() / "copy.partial" / "mine");
        coffer::test::write_file(place.path() / "copy.partial/copy.partial", "");
        refused("copy.partial: is there already, and is no part of a copy");
        REQUIRE(fs::exists(place.path() / "copy.partial/mine"));
    }
    SECTION("a file beside") {
        coffer::test::write_file(place.path() / "copy.partial", "mine");
        refused("copy.partial: is there already, and is no part of a copy");
    }
    SECTION("a journal that has its name") {
        fs::create_directories(copy / ".partial");
        fs::create_directories(copy / "journal");
        refused("copy: is there already, and is not overwritten");
        REQUIRE(fs::exists(copy / "journal"));
    }
    SECTION("something of another") {
        fs::create_directories(copy / ".partial");
        coffer::test::write_file(copy / "mine", "mine");
        refused("copy: is there already, and is not overwritten");
    }
    SECTION("a link to nowhere") {
        fs::create_symlink("nowhere", copy);
        refused("copy: is there already, and is not overwritten");
    }
    SECTION("a copy that is still being made") {
        const partial_directory other{copy, leftover::refuse};
        refused("copy.partial: is there already: another copy is being made there");
        REQUIRE(fs::exists(other.path()));
    }
}

TEST_CASE("backup: of what is damaged leaves nothing behind", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    SECTION("a batch") {
        planted_data::flip(data.segment(1), 4'200);
        REQUIRE_THROWS_WITH(back_up(data.path(), place.path() / "copy", leftover::refuse, no_wait),
                            coffer::test::Contains("checksum"));
    }
    SECTION("an account") {
        data.add(coffer::journal::record::of_deposit({8, 1'000, money::from_minor(1'000)},
                                                     money::from_minor(1)));
        data.commit();
        REQUIRE_THROWS_WITH(back_up(data.path(), place.path() / "copy", leftover::refuse, no_wait),
                            coffer::test::Contains("is not made, since the copy does not hold") &&
                                coffer::test::Contains("account 8"));
    }
    REQUIRE(is_empty_but_for(place.path(), 0));
}

TEST_CASE("restore: refuses a backup that does not hold, and leaves nothing behind", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    planted_data::flip(data.path() / "snapshots/1.json", 150);
    REQUIRE_THROWS_WITH(
        restore({data.path()}, place.path() / "restored", leftover::refuse, no_wait),
        coffer::test::Contains("does not hold, and is not restored"));
    REQUIRE(is_empty_but_for(place.path(), 0));
}
