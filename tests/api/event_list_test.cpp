#include "api/event_list.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "api/api_under_test.hpp"
#include "api/event_bank.hpp"
#include "api/event_cursor.hpp"
#include "api/event_feed.hpp"
#include "api/lines_of.hpp"
#include "catch.hpp"

using coffer::test::event_bank;
using coffer::test::lines_of;
using coffer::test::refusal_of;
using state = coffer::api::body_stream::state;

namespace {

/// The numbers of the records whose events a body has, one space behind each.
std::string records_in(const std::string& body) {
    const std::string name = R"({"record":)";
    std::string found;
    for (std::size_t at = body.find(name); at != body.npos; at = body.find(name, at)) {
        at += name.size();
        found += body.substr(at, body.find(',', at) - at) + ' ';
    }
    return found;
}

std::string next_of(const std::string& page) {
    const std::string name = R"("next":)";
    const std::size_t at = page.find(name) + name.size();
    return page.substr(at, page.find('}', at) - at);
}

/// A bank with the records 1 to 6: two openings, a refusal, two deposits to account 1, one to 2.
struct small_bank : event_bank {
    small_bank() {
        open(1);
        open(2);
        be_refused(1, "k");
        deposit(1);
        deposit(1);
        deposit(2);
    }
};

}  // namespace

TEST_CASE("list_events: a page has the events after a record, and says where it ended", "[api]") {
    small_bank one;
    const std::string all = one.page("/events");
    CHECK(all.substr(0, 35) == R"({"success":true,"data":{"events":[{)");
    CHECK(records_in(all) == "1 2 4 5 6 ");
    CHECK(all.substr(all.size() - 23) == R"(],"next":6},"code":200})");
    CHECK(records_in(one.page("/events?after=0")) == "1 2 4 5 6 ");
    CHECK(one.page("/events?after=6") ==
          R"({"success":true,"data":{"events":[],"next":6},"code":200})");
    CHECK(one.page("/events?after=end") == one.page("/events?after=6"));
    CHECK(records_in(one.page("/events?limit=2")) == "1 2 ");
    CHECK(next_of(one.page("/events?limit=2")) == "2");
    CHECK(records_in(one.page("/events?limit=1&after=2")) == "4 ");
    CHECK(next_of(one.page("/events?limit=1&after=2")) == "4");
}

TEST_CASE("list_events: pages in a row have every event once, whatever their size", "[api]") {
    small_bank one;
    for (const std::string limit : {"1", "2", "3", "4", "5", "1000"}) {
        std::string records;
        std::string after = "0";
        for (std::string page; page.empty() || !records_in(page).empty(); after = next_of(page)) {
            page = one.page("/events?limit=" + limit + "&after=" + after);
            records += records_in(page);
        }
        CHECK(records == "1 2 4 5 6 ");
        CHECK(after == "6");
    }
}

TEST_CASE("list_events: lines are the events of a page, in the order of the journal", "[api]") {
    small_bank one;
    std::string body;
    const auto stream = one.lines("/events");
    CHECK(one.read(*stream, body) == state::following);
    std::string page = R"({"success":true,"data":{"events":[)";
    for (const std::string& line : lines_of(body))
        page += (page.back() == '[' ? "" : ",") + line;
    CHECK(page + R"(],"next":6},"code":200})" == one.page("/events"));
}

TEST_CASE("list_events: a stream goes on with what becomes durable later", "[api]") {
    small_bank one;
    const auto stream = one.lines("/events?after=end");
    std::string body;
    CHECK(one.read(*stream, body) == state::following);
    CHECK(body.empty());
    CHECK(stream->begins_early());
    for (int i = 7; i != 12; ++i) {
        one.deposit(1);
        CHECK(one.read(*stream, body) == state::following);
        CHECK(lines_of(body).size() == static_cast<std::size_t>(i - 6));
    }
    CHECK(records_in(body) == "7 8 9 10 11 ");
}

TEST_CASE("list_events: a server-sent event has id, event and data", "[api]") {
    small_bank one;
    const auto stream = one.stream("/events?after=4", "text/event-stream");
    CHECK(one.reply.content_type() == "text/event-stream");
    std::string body;
    CHECK(one.read(*stream, body) == state::following);
    std::string lines;
    one.read(*one.lines("/events?after=4"), lines);
    const auto events = lines_of(lines);
    REQUIRE(events.size() == 2);
    CHECK(body == ": up to here\n\nid: 5\nevent: deposit\ndata: " + events[0] +
                      "\n\nid: 6\nevent: deposit\ndata: " + events[1] + "\n\n");
}

TEST_CASE("list_events: Last-Event-ID goes before after", "[api]") {
    small_bank one;
    std::string body;
    const auto stream = one.stream("/events?after=1", "text/event-stream", "5");
    CHECK(one.read(*stream, body) == state::following);
    CHECK(records_in(body) == "6 ");
    for (const std::string wrong : {"7", "end", "x", "-1", "01", "1 "}) {
        CHECK(refusal_of(std::string{one.ask("/events", "text/event-stream", wrong).body()}) ==
              "invalid_parameter Last-Event-ID");
    }
    CHECK(refusal_of(std::string{one.ask("/events?after=x", "text/event-stream", "5").body()}) ==
          "invalid_parameter after");
}

TEST_CASE("list_events: a reader that resumes at any byte misses no event", "[api]") {
    small_bank one;
    for (int i = 0; i != 30; ++i)
        one.deposit(1 + i % 2);
    std::string whole;
    one.read(*one.lines("/events"), whole);
    const auto lines = lines_of(whole);
    for (const std::size_t room : {256, 300, 1000, 5000}) {
        std::string body;
        one.read(*one.lines("/events"), body, room);
        CHECK(body == whole);
    }
    std::string rest = whole;
    for (const std::string& line : lines) {
        rest.erase(0, line.size() + 1);
        std::string record = records_in(line);
        record.pop_back();
        std::string body;
        one.read(*one.lines("/events?after=" + record), body);
        CHECK(body == rest);
    }
}

TEST_CASE("list_events: only events with a posting of the account", "[api]") {
    small_bank one;
    const auto transfer = [](coffer::teller& by) {
        return by.transfer(1, 2, coffer::money::from_minor(1), {}).error;
    };
    one.post(transfer);
    CHECK(records_in(one.page("/events?account=1")) == "1 4 5 7 ");
    CHECK(records_in(one.page("/events?account=2")) == "2 6 7 ");
    CHECK(records_in(one.page("/events?account=2&limit=1&after=2")) == "6 ");
    CHECK(next_of(one.page("/events?account=2&limit=1&after=2")) == "6");
    CHECK(next_of(one.page("/events?account=2&after=7")) == "7");
    std::string body;
    one.read(*one.lines("/events?account=1&after=4"), body);
    CHECK(records_in(body) == "5 7 ");
}

TEST_CASE("list_events: an account far behind is found among many records", "[api]") {
    event_bank one;
    one.open(1);
    one.open(2);
    constexpr int many = 6'000;  // more than what is looked through
    for (int i = 0; i != many / 200; ++i)
        one.post([](coffer::teller& by) {
            for (int k = 0; k != 199; ++k)
                static_cast<void>(by.deposit(1, coffer::money::from_minor(1), {}));
            return by.deposit(1, coffer::money::from_minor(1), {}).outcome.error;
        });
    one.deposit(2);
    CHECK(records_in(one.page("/events?account=2")) == "2 6003 ");
    CHECK(records_in(one.page("/events?account=2&after=2")) == "6003 ");
    CHECK(next_of(one.page("/events?account=2&after=2")) == "6003");
    one.deposit(1);
    CHECK(records_in(one.page("/events?account=2&after=100")) == "6003 ");
    CHECK(next_of(one.page("/events?account=2&after=100")) == "6004");
}

TEST_CASE("list_events: what has been trimmed is refused, and ends a stream", "[api]") {
    small_bank one;
    const auto reader = one.stream("/events", "text/event-stream");
    const auto lines = one.lines("/events?after=2");
    std::string body;
    REQUIRE(one.log->trim(5));
    const auto is_refused = [&one](std::string_view target) {
        std::string nothing;
        const auto stream = one.lines(target);
        CHECK(one.read(*stream, nothing) == state::failed);
        CHECK(nothing.empty());
        const auto& beginning = stream->failure_members().beginning;
        return stream->failure() == coffer::api::problem::history_trimmed && beginning &&
               beginning->first_record == 5;
    };
    CHECK(is_refused("/events"));
    CHECK(is_refused("/events?after=3"));
    CHECK(is_refused("/events?account=2"));
    CHECK(is_refused("/events?account=2&after=3"));
    CHECK(records_in(one.page("/events?after=4")) == "5 6 ");
    CHECK(one.read(*reader, body) == state::failed);
    reader->end_early(reader->failure(), body);
    const std::string begin =
        "event: end\ndata: {\"error\":{\"type\":\"history_trimmed\",\"message\":\"";
    CHECK(body.substr(0, begin.size()) == begin);
    CHECK(body.find(R"(","first_record":5,"first_time":")") != body.npos);
    CHECK(body.substr(body.size() - 6) == "Z\"}}\n\n");
    CHECK(body.find("after") == body.npos);
    body.clear();
    lines->end_early(coffer::api::problem::stopping, body);
    CHECK(lines_of(body).size() == 1);
    CHECK(body.substr(0, 33) == R"({"error":{"type":"unavailable","m)");
}

TEST_CASE("list_events: a stream that ends early completes the event under way", "[api]") {
    small_bank one;
    const auto stream = one.lines("/events");
    std::string body;
    state now = state::waiting;
    while (body.empty() && now != state::failed) {
        const coffer::teller::turn turn{one.engine.teller_at(0)};
        now = stream->pull(one.engine.teller_at(0), 256, body);
    }
    stream->end_early(coffer::api::problem::stopping, body);
    const auto lines = lines_of(body);
    REQUIRE(lines.size() >= 2);
    CHECK(records_in(body) == std::string{"1 2 4 5 6 "}.substr(0, 2 * (lines.size() - 1)));
    CHECK(lines[lines.size() - 2].back() == '}');
    CHECK(lines.back().substr(0, 9) == R"({"error":)");
    std::string shown = records_in(lines[lines.size() - 2]);
    shown.pop_back();
    CHECK(lines.back().ends_with(R"(,"after":)" + shown + "}}"));
}

TEST_CASE("list_events: a reader can resume before it has seen an event", "[api]") {
    small_bank one;
    for (const std::string target : {"/events?after=end", "/events?after=2&account=9"}) {
        if (target.ends_with('9'))
            one.open(9);  // the record 7
        const auto stream = one.stream(target, "text/event-stream");
        std::string body;
        CHECK(one.read(*stream, body) == state::following);
        CHECK(body.starts_with(target.ends_with('d') ? ": up to here\nid: 6\n\n"
                                                     : ": up to here\n\n"));
    }
}

TEST_CASE("list_events: a reader of an account learns which records it need not see again",
          "[api]") {
    small_bank one;
    const coffer::api::event_cursor from{0, coffer::api::event_filter{2}};
    coffer::api::event_feed sent{coffer::api::event_feed::form::server_sent, from,
                                 coffer::api::event_feed::beginning::known,
                                 std::chrono::seconds{0}};  // at each pull
    std::string body;
    CHECK(one.read(sent, body) == state::following);
    one.deposit(1);
    one.deposit(1);
    CHECK(one.read(sent, body) == state::following);
    CHECK(body.starts_with(": up to here\n\n"));
    CHECK(body.find("\n\n: up to here\nid: 8\n\n") != std::string::npos);
    CHECK(body.find("id: 8", body.find("id: 8") + 1) == std::string::npos);  // it knows it now
    CHECK(records_in(body) == "2 6 ");
    coffer::api::event_feed lines{coffer::api::event_feed::form::lines, from,
                                  coffer::api::event_feed::beginning::known,
                                  std::chrono::seconds{0}};
    body.clear();
    CHECK(one.read(lines, body) == state::following);
    CHECK(lines_of(body).size() == 2);
}

TEST_CASE("list_events: a page waits for the first event", "[api]") {
    small_bank one;
    const auto page = one.stream("/events?after=end&wait=55s", {});
    std::string body;
    CHECK(one.read(*page, body) == state::following);
    CHECK(body.empty());
    CHECK(!page->begins_early());
    CHECK(page->ends_whole());
    std::string stopped;
    const auto cut = one.stream("/events?after=end&wait=55s", {});
    one.read(*cut, stopped);
    cut->end_early(coffer::api::problem::stopping, stopped);
    CHECK(stopped == R"({"success":true,"data":{"events":[],"next":6},"code":200})");
    one.deposit(2);
    CHECK(one.read(*page, body) == state::done);
    CHECK(records_in(body) == "7 ");
    CHECK(next_of(body) == "7");
    CHECK(records_in(one.page("/events?after=6&wait=55s")) == "7 ");
    CHECK(next_of(one.page("/events?after=7&wait=1ms")) == "7");
    CHECK(next_of(one.page("/events?after=7&wait=0")) == "7");
}

TEST_CASE("list_events: a parameter with a wrong value is refused by its name", "[api]") {
    small_bank one;
    const auto refusal = [&one](const std::string& query, std::string_view accept = {}) {
        return refusal_of(std::string{one.ask("/events?" + query, accept).body()});
    };
    for (const std::string wrong : {"7", "x", "", "-1", "00", "18446744073709551616", "End"})
        CHECK(refusal("after=" + wrong) == "invalid_parameter after");
    for (const std::string wrong : {"0", "x", "", "01"})
        CHECK(refusal("account=" + wrong) == "invalid_parameter account");
    for (const std::string wrong : {"0", "1001", "x", ""})
        CHECK(refusal("limit=" + wrong) == "invalid_parameter limit");
    for (const std::string wrong : {"56s", "x", "", "1", "-1s"})
        CHECK(refusal("wait=" + wrong) == "invalid_parameter wait");
    CHECK(refusal("limit=1&limit=1") == "invalid_parameter limit");
    CHECK(refusal("account=3") == "no_such_account");
    for (const std::string_view accept : {"text/event-stream", "application/x-ndjson"}) {
        CHECK(refusal("limit=1", accept) == "invalid_parameter limit");
        CHECK(refusal("wait=1s", accept) == "invalid_parameter wait");
    }
}

TEST_CASE("list_events: a ledger in memory only has none", "[api]") {
    coffer::test::api_under_test one;
    CHECK(coffer::test::type_of(one.get("/events")) == "not_implemented");
    CHECK(one.reply.status() == 501);
}

TEST_CASE("list_events: readers at one place share what is read", "[api]") {
    small_bank one;
    CHECK(one.engine.events().bytes() == 0);
    std::string first;
    one.read(*one.lines("/events"), first);
    const std::size_t bytes = one.engine.events().bytes();
    CHECK(bytes > first.size());
    std::string second;
    one.read(*one.lines("/events"), second);
    CHECK(second == first);
    CHECK(one.engine.events().bytes() == bytes);
}
