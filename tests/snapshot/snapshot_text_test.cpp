#include "snapshot/snapshot_text.hpp"

#include <limits>

#include "catch.hpp"

using coffer::money;
using coffer::snapshot::snapshot_text;

namespace {

constexpr std::chrono::system_clock::time_point moment{std::chrono::seconds{1795446000}};

}  // namespace

TEST_CASE("snapshot text: one account a line, then their count and total", "[snapshot]") {
    std::string out;
    snapshot_text text{out};
    text.begin(12, moment);
    text.add({10001, 3, money::from_minor(1000'00)});
    text.add({18446744073709551615U, 17592186044415U, money::from_minor(99'99)});
    text.end();
    CHECK(text.count() == 2);
    CHECK(out ==
          R"({"format":1,"number":12,"taken_at":"2026-11-23T15:00:00Z","accounts":[
{"account_number":"10001","balance":1000.0,"sequence":3},
{"account_number":"18446744073709551615","balance":99.99,"sequence":17592186044415}
],"count":2,"total":1099.99}
)");
}

TEST_CASE("snapshot text: no accounts make an empty list", "[snapshot]") {
    std::string out;
    snapshot_text text{out};
    text.begin(1, moment);
    text.end();
    CHECK(out == R"({"format":1,"number":1,"taken_at":"2026-11-23T15:00:00Z","accounts":[
],"count":0,"total":0.0}
)");
}

TEST_CASE("snapshot text: the total is exact beyond 64 bits", "[snapshot]") {
    const auto total_of = [](int accounts, std::int64_t minor_each) {
        std::string out;
        snapshot_text text{out};
        for (int i = 0; i != accounts; ++i)
            text.add({1, 1, money::from_minor(minor_each)});
        text.end();
        return out.substr(out.rfind(':') + 1);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    CHECK(total_of(1, most) == "92233720368547758.07}\n");
    CHECK(total_of(3, most) == "276701161105643274.21}\n");
    CHECK(total_of(1000, most) == "92233720368547758070.0}\n");
    CHECK(total_of(10, most - 2) == "922337203685477580.5}\n");
    CHECK(total_of(1, 7) == "0.07}\n");
}

TEST_CASE("snapshot text: no call appends more than it says", "[snapshot]") {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    std::string out;
    snapshot_text text{out};
    text.begin(most, std::chrono::system_clock::time_point::max());
    CHECK(out.size() <= snapshot_text::max_bytes_a_call);
    out.clear();
    text.add({most, most, money::from_minor(std::numeric_limits<std::int64_t>::max())});
    CHECK(out.size() <= snapshot_text::max_bytes_a_call);
    out.clear();
    text.end();
    CHECK(out.size() <= snapshot_text::max_bytes_a_call);
}
