#include "journal/posix_storage.hpp"

#include <array>

#include "batches.hpp"
#include "catch.hpp"
#include "journal/file_log.hpp"
#include "opened_log.hpp"
#include "snapshot/temporary_directory.hpp"

using coffer::journal::posix_storage;
using coffer::test::opened_log;
using coffer::test::temporary_directory;
using namespace coffer::journal;

TEST_CASE("posix_storage: a file has what was written to it", "[journal]") {
    const temporary_directory place;
    posix_storage disk{place.path() / "journal"};
    REQUIRE_FALSE(disk.create_directory());
    REQUIRE_FALSE(disk.create_directory());
    const auto made = disk.open("one", storage::access::create);
    REQUIRE_FALSE(made.error);
    REQUIRE_FALSE(made.file->allocate(10'000));
    REQUIRE(made.file->size().bytes == 10'000);
    const std::array bytes{std::byte{1}, std::byte{2}, std::byte{3}};
    REQUIRE_FALSE(made.file->write(5'000, bytes));
    REQUIRE_FALSE(made.file->sync());
    REQUIRE(disk.open("one", storage::access::create).error == std::errc::file_exists);

    REQUIRE_FALSE(disk.rename("one", "two"));
    REQUIRE_FALSE(disk.sync());
    REQUIRE(disk.list().names == std::vector<std::string>{"two"});
    REQUIRE(disk.open("one", storage::access::read).error == std::errc::no_such_file_or_directory);
    const auto again = disk.open("two", storage::access::read);
    std::array<std::byte, 4> found{};
    const auto read = again.file->read(4'999, found);
    REQUIRE(read.bytes == 4);
    REQUIRE(found == std::array{std::byte{0}, std::byte{1}, std::byte{2}, std::byte{3}});
    REQUIRE(again.file->read(9'998, found).bytes == 2);
    REQUIRE(again.file->write(0, bytes) == std::errc::bad_file_descriptor);

    REQUIRE_FALSE(disk.remove("two"));
    REQUIRE(disk.remove("two") == std::errc::no_such_file_or_directory);
    REQUIRE(disk.list().names.empty());
    REQUIRE(disk.path("x") == (place.path() / "journal" / "x").string());
}

TEST_CASE("posix_storage: says that a directory is not there", "[journal]") {
    const temporary_directory place;
    posix_storage disk{place.path() / "journal"};
    REQUIRE(disk.list().error == std::errc::no_such_file_or_directory);
    REQUIRE(disk.sync() == std::errc::no_such_file_or_directory);
    REQUIRE(disk.open("x", storage::access::create).error == std::errc::no_such_file_or_directory);
}

TEST_CASE("posix_storage: a log in real files goes on where it was left", "[journal]") {
    const temporary_directory place;
    posix_storage disk{place.path() / "journal"};
    REQUIRE_FALSE(disk.create_directory());
    coffer::test::deposits some;
    batch_position left;
    for (int life = 0; life != 4; ++life) {
        const auto log = opened_log(disk, {.segment_bytes = 65'536});
        if (life != 0)
            REQUIRE(log->tail() == left);
        for (std::uint32_t i = 0; i != 20; ++i)
            some.append(*log, 100);
        left = log->tail();
    }
    REQUIRE(left.next_record == 8'001);
    REQUIRE(list_segments(disk).size() > 4);
    reader from{disk};
    while (from.next()) {
    }
    REQUIRE(from.position() == left);
}
