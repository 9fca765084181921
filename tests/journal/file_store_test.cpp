#include "journal/file_store.hpp"

#include <filesystem>

#include "batches.hpp"
#include "catch.hpp"
#include "snapshot/temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::test::Contains;
using coffer::test::deposits;
using coffer::test::temporary_directory;
using coffer::test::write_file;
using namespace coffer::journal;

namespace {

constexpr file_log::options small{.segment_bytes = 16384, .first_bytes = 8192};

batch_position end_of(const file_store& store) {
    const auto from = store.read()->read_from(1);
    while (from->next()) {
    }
    return from->position();
}

}  // namespace

TEST_CASE("file store: a new log is there once it is published, and not before", "[journal]") {
    const temporary_directory place;
    file_store store{place.path() / "journal", small};
    CHECK(!store.has_log());
    {
        const auto made = store.create();
        deposits{}.append(made->log(), 3);
        CHECK(!store.has_log());
        made->publish();
        CHECK(store.has_log());
    }
    CHECK(store.has_log());
    CHECK(!fs::exists(place.path() / "journal.new"));
    CHECK(store.open(end_of(store))->tail().next_record == 4);
    for (const auto& each : fs::directory_iterator{place.path() / "journal"})
        CHECK(each.file_size() == (each.path().extension() == ".journal" ? 8192 : 16384));
}

TEST_CASE("file store: nothing is left of a log that is not published", "[journal]") {
    const temporary_directory place;
    file_store store{place.path() / "journal", small};
    {
        const auto made = store.create();
        deposits{}.append(made->log(), 3);
    }
    CHECK(fs::is_empty(place.path()));
}

TEST_CASE("file store: what a crash left of a log in the making is removed", "[journal]") {
    const temporary_directory place;
    fs::create_directory(place.path() / "journal.new");
    write_file(place.path() / "journal.new" / "spare.tmp", "half a spare");
    file_store store{place.path() / "journal", small};
    CHECK(!store.has_log());
    store.create()->publish();
    CHECK(end_of(store).next_record == 1);
}

TEST_CASE("file store: a log that is there is never replaced", "[journal]") {
    const temporary_directory place;
    file_store store{place.path() / "journal", small};
    const auto made = store.create();
    deposits{}.append(made->log(), 3);
    made->publish();
    CHECK_THROWS_WITH(store.create()->publish(), Contains("cannot be put in place"));
    CHECK(end_of(store).next_record == 4);
}

TEST_CASE("file store: a log that ends elsewhere than it was read to is not appended to",
          "[journal]") {
    const temporary_directory place;
    file_store store{place.path() / "journal", small};
    store.create()->publish();
    const batch_position before = end_of(store);
    deposits{}.append(*store.open(before), 3);
    CHECK_THROWS_WITH(store.open(before),
                      Contains("ends with record 3 by now, and not with record 0"));
}
