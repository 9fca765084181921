#include "audit/index_check.hpp"

#include "catch.hpp"
#include "journal/index_shelf.hpp"
#include "journal/random_journal.hpp"
#include "journal/reader.hpp"

using coffer::audit::fault_list;
using coffer::test::random_journal;
using namespace coffer::journal;

namespace {

fault_list notes_of(const random_journal& of) {
    fault_list notes;
    coffer::audit::index_check check{of.files, notes};
    reader all{of.files};
    while (const auto one = all.next())
        check.take(*one, all.segment(), all.offset() - all.last_bytes());
    return notes;
}

}  // namespace

TEST_CASE("index_check: index files of the journal hold, and so do those that are missing",
          "[audit]") {
    random_journal some{1};
    some.open();
    some.append(150);
    REQUIRE(notes_of(some).empty());
    const auto segments = list_segments(some.files);
    REQUIRE(segments.size() > 3);
    index_shelf shelf{some.files, some.progress, [] {}};
    for (std::size_t i = 0; i + 2 < segments.size(); ++i)
        shelf.check(segments[i], segments[i + 1]);
    REQUIRE(shelf.make_files([] { return false; }));
    REQUIRE_FALSE(some.disk.content(index_name(segments.front())).empty());
    REQUIRE(notes_of(some).empty());
}

TEST_CASE("index_check: a byte that differs is noted, with its place", "[audit]") {
    random_journal some{2};
    some.open();
    some.append(60);
    const auto segments = list_segments(some.files);
    REQUIRE(segments.size() > 1);
    index_shelf shelf{some.files, some.progress, [] {}};
    shelf.check(segments[0], segments[1]);
    REQUIRE(shelf.make_files([] { return false; }));
    auto& bytes = some.disk.content(index_name(segments[0]));
    const std::size_t end = bytes.size();
    for (const std::size_t at : {std::size_t{0}, std::size_t{100}, end / 2, end - 1}) {
        INFO("byte " << at);
        bytes[at] ^= std::byte{1};
        const fault_list notes = notes_of(some);
        REQUIRE(notes.count() == 1);
        REQUIRE(notes.kept().front().offset == at);
        REQUIRE(notes.kept().front().file == some.files.path(index_name(segments[0])));
        bytes[at] ^= std::byte{1};
    }
    bytes.pop_back();
    REQUIRE(notes_of(some).count() == 1);
    bytes.resize(end + 1);
    REQUIRE(notes_of(some).count() == 1);
}
