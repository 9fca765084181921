#include "replication/node_report.hpp"

#include <limits>

#include "catch.hpp"

namespace coffer::replication {
namespace {

TEST_CASE("node_report: reads what it has written", "[replication]") {
    const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    const node_report one{.url = "http://[::1]:5000",
                          .incarnation = "a\"\\b",
                          .synced_entry = largest,
                          .synced_record = largest - 1,
                          .applied_record = 1,
                          .is_catching_up = true,
                          .reported_ns = 5};
    const auto read = decode_report(encode(one));
    REQUIRE(read);
    CHECK(read->url == one.url);
    CHECK(read->incarnation == one.incarnation);
    CHECK(read->synced_entry == largest);
    CHECK(read->synced_record == largest - 1);
    CHECK(read->applied_record == 1);
    CHECK(read->is_catching_up);
    CHECK(read->reported_ns == 5);
}

TEST_CASE("node_report: ignores members that it does not know", "[replication]") {
    const auto read = decode_report(R"({"synced_entry":7,"newer":[1,{"a":2}]})");
    REQUIRE(read);
    CHECK(read->synced_entry == 7);
    CHECK(read->url.empty());
}

TEST_CASE("node_report: nothing where it is no report", "[replication]") {
    for (const char* const text :
         {"", "{", "[]", "7", R"({"synced_entry":-1})", R"({"synced_entry":1.5})",
          R"({"synced_entry":"7"})", R"({"is_catching_up":1})", R"({"url":null})",
          R"({"synced_entry":18446744073709551616})"}) {
        CAPTURE(text);
        CHECK_FALSE(decode_report(text));
    }
}

TEST_CASE("node_report: a member has a URL", "[replication]") {
    CHECK(decode_member(encode_member("http://h:5000", true)) == "http://h:5000");
    CHECK(is_added_member(encode_member("http://h:5000", true)));
    CHECK_FALSE(is_added_member(encode_member("http://h:5000", false)));
    CHECK_FALSE(is_added_member(R"({"url":"http://h:5000"})"));
    CHECK(decode_member("{}").empty());
    CHECK(decode_member("nothing").empty());
}

}  // namespace
}  // namespace coffer::replication
