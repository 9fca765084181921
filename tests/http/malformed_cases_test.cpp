#include "http/malformed_cases.hpp"

#include <string>

#include "catch.hpp"

using namespace coffer::http;
using coffer::test::Contains;

TEST_CASE("malformed cases: a case is its bytes, the replies due, and how it ends", "[http]") {
    const auto cases = read_cases(
        "# a comment\n"
        "case: one\n> GET /\\r\\n\n> x\n< 200\n< 400 bad_request\nposted: 3\nclosed\n"
        "\n"
        "case: two\n> \n> y\nopen\n"
        "case: three\n> z\nwaits\n",
        "file.txt");
    REQUIRE(cases.size() == 3);
    CHECK(cases[0].name == "file.txt:2: one");
    CHECK(cases[0].bytes == "GET /\r\nx");
    CHECK(cases[0].replies == std::vector<std::string>{"200", "400 bad_request"});
    CHECK(cases[0].postings == 3);
    CHECK(cases[0].ending == ending::closed);
    CHECK(cases[1].name == "file.txt:10: two");
    CHECK(cases[1].bytes == "y");
    CHECK(cases[1].replies.empty());
    CHECK(cases[1].postings == 0);
    CHECK(cases[1].ending == ending::open);
    CHECK(cases[2].ending == ending::waits);
}

TEST_CASE("malformed cases: escapes stand for what cannot be seen or is long", "[http]") {
    CHECK(unescape(R"(a\r\n\t\\b)") == "a\r\n\t\\b");
    CHECK(unescape(R"(\x00\x7f\xFF0)") == std::string{"\0\x7f\xff"
                                                      "0",
                                                      4});
    CHECK(unescape(R"(<\{3*ab}>)") == "<ababab>");
    CHECK(unescape(R"(\{2*\x41\r})") == "A\rA\r");
    CHECK(unescape(R"(\{0*a})").empty());
}

TEST_CASE("malformed cases: an escape that is none is refused", "[http]") {
    for (const std::string text :
         {R"(\)", R"(\q)", R"(\x)", R"(\x1)", R"(\xg0)", R"(\{3*a)", R"(\{a*3})", R"(\{3})"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(unescape(text), std::runtime_error);
    }
}

TEST_CASE("malformed cases: the file and the line of a mistake are named", "[http]") {
    const auto complains = [](const std::string& text, const std::string& where) {
        CAPTURE(text);
        CHECK_THROWS_WITH(read_cases(text, "file.txt"), Contains(where));
    };
    complains("> x\n", "file.txt:1: no case has begun");
    complains("case: one\n> x\nshut\n", "file.txt:3: an unknown line");
    complains("case: one\n> \\q\nopen\n", "file.txt:2: an unknown escape");
    complains("case: one\n> x\ncase: two\n", "file.txt:3: the case before does not say");
    complains("case: one\n> x\n", "file.txt:2: the last case does not say");
    complains("case: one\nopen\n", "file.txt:2: the case sends nothing");
    complains("case: one\n> x\nposted: some\n", "file.txt:3: not a number");
}
