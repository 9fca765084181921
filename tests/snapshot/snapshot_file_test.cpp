#include "snapshot/snapshot_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <limits>
#include <span>
#include <string>

#include "catch.hpp"
#include "ops/checksum.hpp"
#include "some_marks.hpp"
#include "temporary_directory.hpp"

namespace fs = std::filesystem;

using coffer::money;
using coffer::snapshot::check_snapshot;
using coffer::snapshot::peek_at_snapshot;
using coffer::snapshot::snapshot_error;
using coffer::snapshot::snapshot_info;
using coffer::snapshot::snapshot_text;
using coffer::test::some_ledger;
using coffer::test::temporary_directory;
using coffer::test::write_file;

namespace {

// A sanitizer makes this some 20 times as slow, and looks for other things.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t stride = 37;
#else
constexpr std::size_t stride = 1;
#endif

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

constexpr std::chrono::system_clock::time_point moment{std::chrono::seconds{1795446000}};

std::string first_line(const std::string& number, const std::string& after_record,
                       const std::string& keys_from) {
    return R"({"format":3,"number":)" + number +
           R"(,"taken_at":"2026-11-23T15:00:00Z","ledger":"0123456789abcdef00000000000000ff",)" +
           R"("after_record":)" + after_record + R"(,"keys_from":)" + keys_from +
           R"(,"accounts":[)";
}

const coffer::hold an_open_hold{.account = 10002,
                                .id = {4, 0},
                                .amount = money::from_minor(50'00),
                                .captured = money::from_minor(10'00),
                                .remaining = money::from_minor(40'00),
                                .expires_at_ns = 1764288000000000000};
const coffer::hold an_ended_hold{.account = 10002,
                                 .id = {3, 7},
                                 .amount = money::from_minor(5'00),
                                 .status = coffer::hold_status::released};

/// `text` with the checksum that it has to have, and the end.
std::string sealed(std::string text) {
    const std::uint64_t checksum = coffer::checksum(std::as_bytes(std::span{text}));
    snapshot_text{text}.close(checksum);
    return text;
}

std::string without_seal(std::uint64_t accounts, std::int64_t minor_each = 1234'50,
                         std::uint64_t after_record = 12345, std::uint64_t until_record = 12399) {
    std::string text;
    snapshot_text into{text};
    into.begin({12, {}, some_ledger, after_record, after_record - 345});
    for (std::uint64_t number = 1; number <= accounts; ++number)
        into.add({number, number, money::from_minor(minor_each)});
    into.add_hold(an_open_hold);
    into.add_hold(an_ended_hold);
    into.end(until_record);
    return text;
}

/// What is said of a file with this text.
std::string fault(std::string_view text) {
    const temporary_directory place;
    const fs::path file = write_file(place.path() / "12.json", text);
    try {
        static_cast<void>(check_snapshot(file));
    } catch (const snapshot_error& refused) {
        const std::string said = refused.what();
        CHECK(said.substr(0, file.string().size()) == file.string());
        return said.substr(file.string().size());
    }
    return "nothing";
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    return text.replace(text.find(what), what.size(), by);
}

}  // namespace

TEST_CASE("snapshot text: one account a line, then their count and total", "[snapshot]") {
    std::string out;
    snapshot_text text{out};
    text.begin({12, moment, some_ledger, 17, 5});
    text.add({10001, 3, money::from_minor(1000'00)});
    text.add({18446744073709551615U, 4398046511103U, money::from_minor(99'99)});
    text.add({{10003, 2, {}}, coffer::account_status::closed});
    text.add({10002, 5, money::from_minor(2000'00), money::from_minor(40'00)});
    text.add_hold(an_open_hold);
    text.add_hold(an_ended_hold);
    text.end(19);
    text.close(0x0123'4567'89ab'cdef);
    CHECK(text.count() == 4);
    CHECK(out == first_line("12", "17", "5") + R"(
{"account_number":"10001","balance":1000.0,"sequence":3},
{"account_number":"18446744073709551615","balance":99.99,"sequence":4398046511103},
{"account_number":"10003","balance":0.0,"sequence":2,"status":"closed"},
{"account_number":"10002","balance":2000.0,"sequence":5,"held":40.0}
],"holds":[
{"hold":"4-0","account":"10002","amount":50.0,"captured":10.0,"remaining":40.0,)" +
                     R"("status":"held","expires_at_ns":1764288000000000000},
{"hold":"3-7","account":"10002","amount":5.0,"captured":0.0,"remaining":0.0,)" +
                     R"("status":"released","expires_at_ns":0}
],"count":4,"total":3099.99,"hold_count":2,"held":40.0,"until_record":19,)" +
                     R"("checksum":"0123456789abcdef"}
)");
}

TEST_CASE("snapshot text: no accounts make an empty list", "[snapshot]") {
    std::string out;
    snapshot_text text{out};
    text.begin({1, moment, some_ledger, most, most});
    text.end(most);
    text.close(0);
    CHECK(out == first_line("1", "18446744073709551615", "18446744073709551615") + R"(
],"holds":[
],"count":0,"total":0.0,"hold_count":0,"held":0.0,"until_record":18446744073709551615,)" +
                     R"("checksum":"0000000000000000"}
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
        return out.substr(at, out.find(',', at) - at);
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
    constexpr money most_money = money::from_minor(std::numeric_limits<std::int64_t>::max());
    text.add({{most, most, most_money, most_money}, coffer::account_status::closed});
    CHECK(out.size() <= snapshot_text::max_bytes_a_call);
    out.clear();
    text.add_hold({most,
                   {most, UINT32_MAX},
                   most_money,
                   most_money,
                   most_money,
                   coffer::hold_status::captured,
                   INT64_MAX});
    CHECK(out.size() <= snapshot_text::max_bytes_a_call);
    out.clear();
    text.end(most);
    CHECK(out.size() <= snapshot_text::max_bytes_a_call);
    out.clear();
    text.close(most);
    CHECK(out.size() == std::string_view{R"(,"checksum":"0123456789abcdef"}
)"}
                            .size());
}

TEST_CASE("snapshot file: what it says of itself is read from its ends", "[snapshot]") {
    const temporary_directory place;
    for (const std::uint64_t accounts :
         {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{50000}}) {
        const fs::path file = write_file(place.path() / "12.json", sealed(without_seal(accounts)));
        for (const snapshot_info& found : {check_snapshot(file), peek_at_snapshot(file)}) {
            CHECK(found.number == 12);
            CHECK(found.ledger == some_ledger);
            CHECK(found.after_record == 12345);
            CHECK(found.keys_from == 12000);
            CHECK(found.until_record == 12399);
            CHECK(found.accounts == accounts);
            CHECK(found.total_minor == accounts * 1234'50);
            CHECK(found.holds == 2);
            CHECK(found.held_minor == 40'00);
        }
    }
}

TEST_CASE("snapshot file: one of format 2, which has no holds, is read", "[snapshot]") {
    std::string text = replaced(without_seal(2), "\"format\":3", "\"format\":2");
    text =
        text.erase(text.find("],\"holds\""), text.find("],\"count\"") - text.find("],\"holds\""));
    text = replaced(text, ",\"hold_count\":2,\"held\":40.0", "");
    const temporary_directory place;
    const snapshot_info found = check_snapshot(write_file(place.path() / "12.json", sealed(text)));
    CHECK(found.accounts == 2);
    CHECK(found.total_minor == 2469'00);
    CHECK(found.until_record == 12399);
    CHECK(found.holds == 0);
}

TEST_CASE("snapshot file: totals are exact beyond 64 bits", "[snapshot]") {
    const temporary_directory place;
    constexpr std::int64_t most_minor = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t each :
         {most_minor, most_minor - 2, std::int64_t{7}, std::int64_t{10}}) {
        const fs::path file =
            write_file(place.path() / "12.json", sealed(without_seal(1000, each)));
        CHECK(check_snapshot(file).total_minor == coffer::wide_minor{1000} * each);
    }
}

TEST_CASE("snapshot file: the highest numbers of records are read", "[snapshot]") {
    const temporary_directory place;
    const fs::path file =
        write_file(place.path() / "12.json", sealed(without_seal(1, 1, most, most)));
    CHECK(check_snapshot(file).after_record == most);
    CHECK(check_snapshot(file).until_record == most);
}

TEST_CASE("snapshot file: what is not of its format is refused by name", "[snapshot]") {
    const std::string text = without_seal(2);
    CHECK(fault(sealed(replaced(text, "\"format\":3", "\"format\":1"))) ==
          ", offset 11: the snapshot is of format 1, and this version of coffer reads 2 to 3");
    CHECK(fault(sealed(replaced(text, "\"format\":3", "\"format\":4"))) ==
          ", offset 11: the snapshot is of format 4, and this version of coffer reads 2 to 3");
    CHECK(fault("{\"accounts\":[]}") == ", offset 0: this is not what a snapshot has here");
    CHECK(fault("") == ", offset 0: this is not what a snapshot has here");
}

TEST_CASE("snapshot file: with the right checksum it has to be right all the same", "[snapshot]") {
    const std::string text = without_seal(2);
    const auto said = [&text](std::string_view what, std::string_view by) {
        return fault(sealed(replaced(text, what, by)));
    };
    CHECK(fault(sealed(text)) == "nothing");
    CHECK(said("\"number\":12", "\"number\":x") == ", offset 21: a number is due here");
    CHECK(said("0123456789abcdef", "0123456789ABCDEF").find("a digit of base 16 is due here") !=
          std::string::npos);
    CHECK(said("\"after_record\":12345", "\"after_record\":99999") ==
          ": contradicts itself: after_record is above until_record");
    for (const std::string_view right : {"1", "12346"})
        CHECK(said("\"keys_from\":12000", "\"keys_from\":" + std::string{right}) == "nothing");
    for (const std::string_view wrong : {"0", "12347", "18446744073709551615"})
        CHECK(said("\"keys_from\":12000", "\"keys_from\":" + std::string{wrong}) ==
              ": contradicts itself: keys_from is 0, or above after_record + 1");
    CHECK(said(",\"keys_from\":12000", "").find("this is not what a snapshot has here") !=
          std::string::npos);
    CHECK(said("\"after_record\":", "\"after\":").find("this is not what a snapshot has here") !=
          std::string::npos);
    CHECK(said("\"total\":2469.0", "\"total\":2469").find("a total is due here") !=
          std::string::npos);
    CHECK(said("\"total\":2469.0", "\"total\":2469.001").find("this is not what") !=
          std::string::npos);
    CHECK(said("\"until_record\":12399", "\"until_record\":18446744073709551616")
              .find("a number is due here") != std::string::npos);
    CHECK(fault(sealed(text) + "\n").find("there is something behind the end") !=
          std::string::npos);
}

TEST_CASE("snapshot file: one that is not there is named with the reason", "[snapshot]") {
    const temporary_directory place;
    const fs::path missing = place.path() / "12.json";
    CHECK_THROWS_WITH(check_snapshot(missing),
                      missing.string() + ": cannot be opened: No such file or directory");
    CHECK_THROWS_AS(check_snapshot(place.path()), snapshot_error);
}

TEST_CASE("snapshot file: every changed bit is refused", "[snapshot][damage]") {
    const temporary_directory place;
    std::string text = sealed(without_seal(20));
    const fs::path file = write_file(place.path() / "12.json", text);
    const int opened = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(opened >= 0);
    int tried = 0;
    int refused = 0;
    std::string accepted;
    const auto try_byte = [&](std::size_t at, unsigned mask) {
        ++tried;
        const char changed = static_cast<char>(static_cast<unsigned char>(text[at]) ^ mask);
        REQUIRE(::pwrite(opened, &changed, 1, static_cast<off_t>(at)) == 1);
        try {
            static_cast<void>(check_snapshot(file));
            accepted = "byte " + std::to_string(at) + " with " + std::to_string(mask);
        } catch (const snapshot_error&) {
            ++refused;
        }
        REQUIRE(::pwrite(opened, &text[at], 1, static_cast<off_t>(at)) == 1);
    };
    for (std::size_t at = 0; at < text.size(); at += stride)
        for (const unsigned mask : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U, 255U})
            try_byte(at, mask);
    ::close(opened);
    WARN(tried / 9 << " bytes of a snapshot, each changed in 9 ways: " << refused << " refused");
    CHECK(accepted.empty());
    CHECK(refused == tried);
    CHECK(check_snapshot(file).accounts == 20);
}

TEST_CASE("snapshot file: every length but its own is refused", "[snapshot][damage]") {
    const temporary_directory place;
    const std::string text = sealed(without_seal(20));
    const fs::path file = write_file(place.path() / "12.json", text);
    int tried = 0;
    int refused = 0;
    for (std::size_t less = 1; less <= text.size(); less += stride) {
        ++tried;
        fs::resize_file(file, text.size() - less);
        try {
            static_cast<void>(check_snapshot(file));
        } catch (const snapshot_error&) {
            ++refused;
        }
    }
    CHECK(refused == tried);
    // As after a crash that left a length and no content.
    write_file(file, text);
    for (const std::size_t more : {1U, 100U, 5000U}) {
        fs::resize_file(file, text.size() + more);
        CHECK_THROWS_AS(check_snapshot(file), snapshot_error);
    }
}
