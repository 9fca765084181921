#include "audit/received_copy.hpp"

#include <filesystem>
#include <fstream>

#include "audit/auditor.hpp"
#include "audit/patient_reader.hpp"
#include "catch.hpp"
#include "journal/posix_storage.hpp"
#include "planted_data.hpp"

using coffer::test::planted_data;
using coffer::test::temporary_directory;
using namespace coffer::audit;

namespace {

namespace fs = std::filesystem;

const patient_reader::pause no_wait = [] {};

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

/// Sends the snapshot of this number, and the journal from a record on.
void send(const planted_data& from, std::uint64_t number, std::uint64_t first, received_copy& to) {
    fs::copy_file(from.path() / "snapshots" / (std::to_string(number) + ".json"),
                  to.snapshot(number));
    const auto stated = to.publish(number);
    const coffer::journal::posix_storage storage{from.path() / "journal"};
    patient_reader source{storage, 1, no_wait};
    while (const auto one = source.next()) {
        if (one->after().next_record <= first)
            continue;
        if (!to.has_begun())
            to.begin(stated.ledger,
                     {.next_record = one->header.first_record, .chain = one->header.chain},
                     std::uint64_t{1} << 20);
        to.append(*one);
    }
}

TEST_CASE("received copy: is a ledger like the one it was sent from", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    received_copy copy{place.path() / "copy", leftover::refuse};
    send(data, 2, 1, copy);
    std::ofstream{copy.path() / "node.json"} << "{}";
    const auto made = copy.finish();
    CHECK(made.audited.holds());
    const report found = examine(data_files::in(place.path() / "copy"), no_wait);
    const report before = examine(data_files::in(data.path()), no_wait);
    CHECK(found.journal.last_record == before.journal.last_record);
    CHECK(found.journal.ledger == before.journal.ledger);
    CHECK(found.total_minor == before.total_minor);
    REQUIRE(found.snapshots.size() == 1);
    CHECK(found.snapshots[0].compared);
    CHECK(fs::exists(place.path() / "copy" / "node.json"));
}

TEST_CASE("received copy: may begin with the records that its snapshot needs", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    fs::create_directory(place.path() / "copy");
    received_copy copy{place.path() / "copy", leftover::refuse};
    send(data, 1, 3, copy);
    std::ofstream{copy.path() / "node.json"} << "{}";
    static_cast<void>(copy.finish());
    const report found = examine(data_files::in(place.path() / "copy"), no_wait);
    CHECK(found.holds());
    CHECK(found.journal.first_record > 1);
    CHECK(fs::exists(place.path() / "copy" / "node.json"));
    CHECK_FALSE(fs::exists(place.path() / "copy" / ".partial"));
}

TEST_CASE("received copy: leaves nothing where it does not hold", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const auto make = [&](std::uint64_t number, std::uint64_t first) {
        received_copy copy{place.path() / "copy", leftover::refuse};
        std::ofstream{copy.path() / "node.json"} << "{}";
        send(data, number, first, copy);
        static_cast<void>(copy.finish());
    };
    CHECK_THROWS_AS(make(1, 30), data_error);  // not what its snapshot needs
    CHECK_FALSE(fs::exists(place.path() / "copy"));
    CHECK_FALSE(fs::exists(place.path() / "copy.partial"));
    std::ofstream{data.path() / "snapshots" / "2.json", std::ios::app} << "more";
    CHECK_THROWS_AS(make(2, 1), std::runtime_error);
    CHECK(fs::is_empty(place.path()));
}

}  // namespace
