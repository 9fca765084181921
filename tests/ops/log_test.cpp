#include "ops/log.hpp"

#include <array>
#include <sstream>
#include <string>

#include "catch.hpp"
#include "ops/json_text.hpp"

using namespace coffer;
using test::Contains;

namespace {

/// What is logged while it exists.
struct captured {
    explicit captured(log::format as) { log::send_to(lines, as); }
    ~captured() { log::start(); }
    std::ostringstream lines;
};

std::string json_of(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

}  // namespace

TEST_CASE("json text: any text is a string of JSON", "[ops]") {
    using namespace std::string_view_literals;
    CHECK(json_of("plain") == R"("plain")");
    CHECK(json_of("a\"b\\c") == R"("a\"b\\c")");
    CHECK(json_of("\n\0\x1f\x7f"sv) == R"("\u000a\u0000\u001f\u007f")");
    CHECK(json_of("\xc3\xa4") == "\"\xc3\xa4\"");
    CHECK(json_of("\xff") == "\"\xef\xbf\xbd\"");
}

TEST_CASE("log: a line of JSON has level and message, whatever that is", "[ops]") {
    const captured log{log::format::json};
    log::warn("{} says \"no\"\n", "the disk");
    CHECK(log.lines.str() ==
          "{\"level\":\"warning\",\"message\":\"the disk says \\\"no\\\"\\u000a\"}\n");
}

TEST_CASE("log: an event is a line of text, or members of JSON", "[ops]") {
    const std::array members{log::member{"id", "a"}, log::member{"none", ""},
                             log::member{"text", "a b"}, log::member{"count", std::uint64_t{7}},
                             log::member{"took", 1.5}};
    {
        const captured log{log::format::text};
        log::event("request", members);
        CHECK(log.lines.str() == "info request id=a none=\"\" text=\"a b\" count=7 took=1.500\n");
    }
    const captured log{log::format::json};
    log::event("request", members);
    CHECK(log.lines.str() ==
          "{\"level\":\"info\",\"event\":\"request\",\"id\":\"a\",\"none\":\"\",\"text\":\"a b\","
          "\"count\":7,\"took\":1.500}\n");
}

TEST_CASE("log: reads its options", "[ops]") {
    CHECK(log::parse_format("json") == log::format::json);
    CHECK(log::parse_format("text") == log::format::text);
    CHECK_FALSE(log::parse_format("JSON"));
    CHECK(log::parse_level("warn") == log::level::warn);
    CHECK_FALSE(log::parse_level("debug"));
    CHECK(log::parse_access("off") == 0);
    CHECK(log::parse_access("all") == 1);
    CHECK(log::parse_access("1/100") == 100);
    for (const char* const wrong : {"", "1/", "1/0", "1/x", "2/100", "100", "1/1x"})
        CHECK_FALSE(log::parse_access(wrong));
}
