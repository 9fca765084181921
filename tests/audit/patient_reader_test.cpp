#include "audit/patient_reader.hpp"

#include <string>

#include "catch.hpp"
#include "journal/journal_error.hpp"
#include "planted_data.hpp"

using coffer::test::planted_data;
using namespace coffer::audit;

namespace {

/// A journal of one batch of several sectors, and its file with one of those not written yet.
struct half_written {
    half_written() {
        for (coffer::account_number account = 1; account != 100; ++account)
            data.open(account, 100);
        data.commit();
        whole = coffer::test::read_file(data.segment(1));
        std::string half = whole;
        half.replace(4'608, 512, 512, '\0');
        static_cast<void>(coffer::test::write_file(data.segment(1), half));
    }
    void write_rest() const { static_cast<void>(coffer::test::write_file(data.segment(1), whole)); }

    planted_data data;
    std::string whole;
};

}  // namespace

TEST_CASE("patient reader: waits for a batch that is just being written", "[audit]") {
    half_written journal;
    const coffer::journal::posix_storage storage{journal.data.path() / "journal"};
    int waits = 0;
    patient_reader from{storage, 1, [&] {
                            if (++waits == 3)
                                journal.write_rest();
                        }};
    const auto batch = from.next();
    REQUIRE(batch);
    REQUIRE(batch->header.records == 99);
    REQUIRE(from.place().offset == 4'096);
    REQUIRE_FALSE(from.next());
    REQUIRE(waits == 3);
}

TEST_CASE("patient reader: reports a batch as torn after some attempts", "[audit]") {
    half_written journal;
    const coffer::journal::posix_storage storage{journal.data.path() / "journal"};
    int waits = 0;
    patient_reader from{storage, 1, [&waits] { ++waits; }};
    REQUIRE_FALSE(from.next());
    REQUIRE(from.torn());
    REQUIRE(waits == patient_reader::attempts - 1);
}

TEST_CASE("patient reader: reports a batch as damaged after some attempts", "[audit]") {
    half_written journal;
    journal.write_rest();
    planted_data::flip(journal.data.segment(1), 5'000);
    const coffer::journal::posix_storage storage{journal.data.path() / "journal"};
    int waits = 0;
    patient_reader from{storage, 1, [&waits] { ++waits; }};
    REQUIRE_THROWS_AS(from.next(), coffer::journal::journal_error);
    REQUIRE(waits == patient_reader::attempts - 1);
}
