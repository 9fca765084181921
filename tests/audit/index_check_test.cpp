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
    check.end(all.segment());
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

TEST_CASE("index_check: a segment with a record that is refused is not compared", "[audit]") {
    random_journal some{3};
    some.open();
    some.append(60);
    const auto segments = list_segments(some.files);
    REQUIRE(segments.size() > 1);
    REQUIRE(some.files.open(index_name(segments[0]), storage::access::create).file != nullptr);
    REQUIRE(notes_of(some).count() == 1);
    fault_list notes;
    coffer::audit::index_check check{some.files, notes};
    reader all{some.files};
    std::uint64_t batches = 0;
    while (const auto one = all.next())
        if (++batches != 3)  // the accounts in it have a gap then
            check.take(*one, all.segment(), all.offset() - all.last_bytes());
    check.end(all.segment());
    REQUIRE(notes.empty());
}

TEST_CASE("index_check: the last full segment is compared where no batch follows", "[audit]") {
    random_journal some{4};
    some.open();
    some.append(60);
    const auto segments = list_segments(some.files);
    REQUIRE(segments.size() > 1);
    REQUIRE(some.files.open(index_name(segments[0]), storage::access::create).file != nullptr);
    fault_list notes;
    coffer::audit::index_check check{some.files, notes};
    reader all{some.files};
    auto one = all.next();
    for (; one && all.segment().before.next_record == segments[0]; one = all.next())
        check.take(*one, all.segment(), all.offset() - all.last_bytes());
    REQUIRE(notes.empty());
    check.end(all.segment());
    REQUIRE(notes.count() == 1);
}
