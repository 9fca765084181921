#include "snapshot/snapshot_text.hpp"

#include <limits>

#include "catch.hpp"
#include "some_marks.hpp"

using coffer::money;
using coffer::snapshot::snapshot_text;
using coffer::test::some_ledger;

namespace {

constexpr std::chrono::system_clock::time_point moment{std::chrono::seconds{1795446000}};
constexpr auto most_number = std::numeric_limits<std::uint64_t>::max();

std::string first_line(const std::string& number, const std::string& after_record,
                       const std::string& keys_from) {
    return R"({"format":2,"number":)" + number +
           R"(,"taken_at":"2026-11-23T15:00:00Z","ledger":"0123456789abcdef00000000000000ff",)" +
           R"("after_record":)" + after_record + R"(,"keys_from":)" + keys_from +
           R"(,"accounts":[)";
}

}  // namespace

TEST_CASE("snapshot text: one account a line, then their count and total", "[snapshot]") {
    std::string out;
    snapshot_text text{out};
    text.begin({12, moment, some_ledger, 17, 5});
    text.add({10001, 3, money::from_minor(1000'00)});
    text.add({18446744073709551615U, 17592186044415U, money::from_minor(99'99)});
    text.end(19);
    text.close(0x0123'4567'89ab'cdef);
    CHECK(text.count() == 2);
    CHECK(out == first_line("12", "17", "5") + R"(
{"account_number":"10001","balance":1000.0,"sequence":3},
{"account_number":"18446744073709551615","balance":99.99,"sequence":17592186044415}
],"count":2,"total":1099.99,"until_record":19,"checksum":"0123456789abcdef"}
)");
}

TEST_CASE("snapshot text: no accounts make an empty list", "[snapshot]") {
    std::string out;
    snapshot_text text{out};
    text.begin({1, moment, some_ledger, most_number, most_number});
    text.end(most_number);
    text.close(0);
    CHECK(out == first_line("1", "18446744073709551615", "18446744073709551615") + R"(
],"count":0,"total":0.0,"until_record":18446744073709551615,"checksum":"0000000000000000"}
)");
}

TEST_CASE("snapshot text: the total is exact beyond 64 bits", "[snapshot]") {
    const auto total_of = [](int accounts, std::int64_t minor_each) {
        std::string out;
        snapshot_text text{out};
        for (int i = 0; i != accounts; ++i)
            text.add({1, 1, money::from_minor(minor_each)});
        text.end(1);
        const std::size_t at = out.rfind("\"total\":") + 8;
        return out.substr(at, out.rfind(',') - at);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    CHECK(total_of(1, most) == "92233720368547758.07");
    CHECK(total_of(3, most) == "276701161105643274.21");
    CHECK(total_of(1000, most) == "92233720368547758070.0");
    CHECK(total_of(10, most - 2) == "922337203685477580.5");
    CHECK(total_of(1, 7) == "0.07");
}

TEST_CASE("snapshot text: no call appends more than it says", "[snapshot]") {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    std::string out;
    snapshot_text text{out};
    text.begin({most, std::chrono::system_clock::time_point::max(), some_ledger, most, most});
    CHECK(out.size() <= snapshot_text::max_bytes_a_call);
    out.clear();
    text.add({most, most, money::from_minor(std::numeric_limits<std::int64_t>::max())});
    CHECK(out.size() <= snapshot_text::max_bytes_a_call);
    out.clear();
    text.end(most);
    CHECK(out.size() <= snapshot_text::max_bytes_a_call);
    out.clear();
    text.close(most);
    CHECK(out.size() == coffer::snapshot::seal::bytes);
}
