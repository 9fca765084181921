#include "api/account_list.hpp"
#include "api/lines_of.hpp"

#include <boost/json/parse.hpp>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "api/account_page.hpp"
#include "api/router.hpp"
#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/held_log.hpp"

using coffer::account_number;
using coffer::engine;
using coffer::money;
using coffer::posting;
using coffer::teller;
using coffer::api::body_stream;
using coffer::api::problem;
using coffer::test::lines_of;
using state = body_stream::state;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr std::array routes{
    coffer::api::route{coffer::api::method::get, "/accounts", &coffer::api::list_accounts}};
constexpr coffer::api::route_table table{routes};

constexpr money one_cent = money::from_minor(1);
constexpr std::size_t ample = 256 * 1024;
constexpr auto ignore = [](const posting&) {};

/// An engine with accounts 1 to `count`, each with as many cents as its number; and a journal whose
/// postings become durable while the gate is open, or none.
class bank {
public:
    explicit bank(account_number count) { engine_.open(make_ledger(count)); }
    bank(account_number count, std::chrono::milliseconds disk_timeout) {
        engine::journal_options chosen;
        chosen.disk_timeout = disk_timeout;
        engine_.open(make_ledger(count), coffer::test::log_behind(gate), std::move(chosen));
    }
    ~bank() {
        static_cast<void>(reply.take_stream());  // a stream does not outlive its ledger
        gate.open();
    }

    coffer::api::reply& ask(std::string_view target, std::string_view accept = {}) {
        coffer::api::request asked{coffer::api::method::get, target, {}, {}};
        asked.accept = accept;
        coffer::api::handle(table, at(), asked, reply);
        return reply;
    }
    std::unique_ptr<body_stream> stream() {
        auto made = ask("/accounts", "application/x-ndjson").take_stream();
        REQUIRE(made != nullptr);
        CHECK(reply.content_type() == "application/x-ndjson");
        return made;
    }
    /// One pull in a turn of its own; what it is to wait for is in `due`.
    state pull(body_stream& from, std::string& out, std::size_t room_bytes = ample) {
        teller::turn turn{at()};
        const state now = from.pull(at(), room_bytes, out);
        turn.end();
        at().announce();
        if (at().due() != 0)
            due = at().due();
        return now;
    }
    /// The whole body, ended early if the stream fails; `between` is called after each pull.
    template <class Between>
    std::string read(body_stream& from, const Between& between, std::size_t room_bytes = ample) {
        std::string body;
        for (;;) {
            const state now = pull(from, body, room_bytes);
            if (now == state::failed)
                from.end_early(from.failure(), body);
            if (now == state::failed || now == state::done)
                return body;
            between();
        }
    }
    std::string read(body_stream& from) {
        return read(from, [] {});
    }
    json::value page(std::string_view target) {
        const auto stream = ask(target).take_stream();
        REQUIRE(stream != nullptr);
        CHECK(reply.status() == 200);
        CHECK(reply.content_type() == "application/json");
        return json::parse(read(*stream));
    }
    void deposit(account_number to) {
        const teller::turn turn{at()};
        REQUIRE(at().deposit(to, one_cent, {}).outcome);
    }
    teller& at() { return engine_.teller_at(0); }
    coffer::ledger& ledger() { return engine_.ledger(); }

    coffer::test::gate gate;
    coffer::api::reply reply;
    teller::ticket due = 0;

private:
    static std::unique_ptr<coffer::ledger> make_ledger(account_number count) {
        auto made = std::make_unique<coffer::ledger>();
        for (account_number i = 1; i <= count; ++i)
            REQUIRE(made->restore({i, 1, money::from_minor(static_cast<std::int64_t>(i))}));
        return made;
    }

    engine engine_{engine::options{}};
};

std::vector<std::string> numbers_of(const json::value& page) {
    std::vector<std::string> numbers;
    for (const json::value& one : page.at("data").at("accounts").as_array())
        numbers.emplace_back(one.at("account_number").as_string());
    return numbers;
}

}  // namespace

TEST_CASE("list_accounts: a page has the accounts in the order of their numbers", "[api]") {
    bank one{3};
    REQUIRE(one.ledger().open(std::numeric_limits<account_number>::max(), one_cent));
    const auto stream = one.ask("/accounts").take_stream();
    REQUIRE(stream != nullptr);
    CHECK(one.read(*stream) ==
          R"({"success":true,"data":{"accounts":[{"account_number":"1","balance":0.01},)"
          R"({"account_number":"2","balance":0.02},{"account_number":"3","balance":0.03},)"
          R"({"account_number":"18446744073709551615","balance":0.01}],"next":null},"code":200})");
    CHECK(bank{0}.page("/accounts").at("data").at("accounts").as_array().empty());
}

TEST_CASE("list_accounts: pages in a row have every account once", "[api]") {
    bank one{25};
    for (const std::size_t limit : {1, 7, 25, 24}) {
        std::vector<std::string> all;
        std::string target = "/accounts?limit=" + std::to_string(limit);
        for (std::string next = target; !next.empty();) {
            const json::value page = one.page(next);
            const auto numbers = numbers_of(page);
            CHECK(numbers.size() <= limit);
            all.insert(all.end(), numbers.begin(), numbers.end());
            const json::value& after = page.at("data").at("next");
            next = after.is_null() ? "" : target + "&after=" + after.as_string().c_str();
        }
        std::vector<std::string> due;
        for (int i = 1; i <= 25; ++i)
            due.push_back(std::to_string(i));
        CHECK(all == due);
    }
}

TEST_CASE("list_accounts: a page has 100 accounts unless asked for others, 1000 at most", "[api]") {
    bank one{1001};
    CHECK(numbers_of(one.page("/accounts")).size() == 100);
    CHECK(numbers_of(one.page("/accounts?limit=1000")).size() == 1000);
    CHECK(numbers_of(one.page("/accounts?after=1001&x=1")).empty());
    struct wrong {
        std::string_view query;
        std::string_view name;
    };
    for (const wrong& each :
         {wrong{"limit=0", "limit"}, wrong{"limit=1001", "limit"}, wrong{"limit=", "limit"},
          wrong{"limit=1&limit=1", "limit"}, wrong{"limit=-1", "limit"},
          wrong{"limit=1.0", "limit"}, wrong{"after=", "after"}, wrong{"after=x", "after"},
          wrong{"after=0", "after"}, wrong{"after=1&after=2", "after"},
          wrong{"after=%", "after"}}) {
        CAPTURE(each.query);
        one.ask("/accounts?" + std::string{each.query});
        CHECK(one.reply.status() == 400);
        CHECK(one.reply.body().find(R"("type":"invalid_parameter")") != std::string_view::npos);
        CHECK(one.reply.body().find(R"("parameter":")" + std::string{each.name} + '"') !=
              std::string_view::npos);
    }
}

TEST_CASE("list_accounts: a stream is of all accounts, so limit and after are refused", "[api]") {
    bank one{10};
    for (const std::string_view query : {"limit=5", "limit=abc", "limit=1&limit=2", "after=5",
                                         "after=x", "after=", "x=1&after=%", "limit=5&after=5"}) {
        CAPTURE(query);
        one.ask("/accounts?" + std::string{query}, "application/x-ndjson");
        CHECK(one.reply.status() == 400);
        CHECK_FALSE(one.reply.is_stream());
        const json::value error = json::parse(one.reply.body()).at("error");
        CHECK(error.at("type") == "invalid_parameter");
        CHECK(error.at("parameter") == (query.find("limit") != query.npos ? "limit" : "after"));
    }
    CHECK(one.ask("/accounts?x=1&x=2", "application/x-ndjson").is_stream());
}

TEST_CASE("list_accounts: a page looks through a large table in short steps", "[api]") {
    bank one{100'000};
    const auto stream = one.ask("/accounts?limit=2&after=70000").take_stream();
    std::string body;
    int silent = 0;
    while (one.pull(*stream, body) == state::more && body.empty())
        ++silent;
    CHECK(silent > 4);
    CHECK(numbers_of(json::parse(body)) == std::vector<std::string>{"70001", "70002"});
}

TEST_CASE("list_accounts: only so many pages look through the table at a time", "[api]") {
    bank one{100'000};
    std::vector<std::unique_ptr<body_stream>> scans;
    const auto is_refused = [&one, &scans] {
        return !scans.emplace_back(one.ask("/accounts?limit=1").take_stream());
    };
    for (std::size_t i = 0; i != coffer::api::account_page::max_scans; ++i)
        REQUIRE_FALSE(is_refused());
    CHECK((is_refused() && one.reply.status() == 503));
    CHECK(one.reply.field("Retry-After") == "1");
    std::string body;
    while (body.empty())  // the first one's scan ends
        one.pull(*scans.front(), body, 10);
    CHECK_FALSE(is_refused());
    CHECK(is_refused());
    scans[1].reset();  // the client has left
    CHECK_FALSE(is_refused());
}

TEST_CASE("list_accounts: a page is sent in pieces that fit the room, then frees itself", "[api]") {
    bank one{50};
    const std::string whole = one.read(*one.ask("/accounts").take_stream());
    std::string pieces;
    std::size_t before = 0;
    const auto check_piece = [&] {
        CHECK(pieces.size() <= before + 10);
        before = pieces.size();
    };
    const auto stream = one.ask("/accounts").take_stream();
    for (; pieces.empty(); check_piece())
        one.pull(*stream, pieces, 10);
    CHECK(stream->buffered_bytes() > whole.size());
    while (one.pull(*stream, pieces, 10) != state::done)
        check_piece();
    check_piece();
    CHECK(pieces == whole);
    CHECK(stream->buffered_bytes() < 100);
}

TEST_CASE("list_accounts: a page is sent once every posting that it shows is durable", "[api]") {
    bank one{10, 5s};
    one.deposit(5);
    const auto stream = one.ask("/accounts").take_stream();
    std::string body;
    while (one.pull(*stream, body) == state::more)
        CHECK(body.empty());
    CHECK(one.pull(*stream, body) == state::waiting);
    CHECK(body.empty());
    one.gate.open();
    while (one.pull(*stream, body) != state::done)
        std::this_thread::sleep_for(100us);
    CHECK(body.find(R"({"account_number":"5","balance":0.06})") != std::string::npos);
}

TEST_CASE("list_accounts: a page that cannot be completed fails before anything was sent",
          "[api]") {
    bank one{10, 20ms};
    one.deposit(5);
    const auto stream = one.ask("/accounts").take_stream();
    std::string body;
    state now = state::more;
    while (now == state::more || now == state::waiting) {
        now = one.pull(*stream, body);
        one.at().check_disk();
    }
    CHECK(now == state::failed);
    CHECK(stream->failure() == problem::disk_hangs);
    CHECK(body.empty());
}

TEST_CASE("list_accounts: a page that is being sent is sent to its end when the server stops",
          "[api]") {
    bank one{10};
    const auto stream = one.ask("/accounts").take_stream();
    std::string body;
    while (body.empty())
        CHECK(one.pull(*stream, body, 10) == state::more);
    stream->end_early(problem::stopping, body);
    CHECK(numbers_of(json::parse(body)).size() == 10);
}

TEST_CASE("list_accounts: before the ledger is open there is neither page nor stream", "[api]") {
    engine closed{engine::options{}};
    coffer::api::reply reply;
    for (const char* const accept : {"", "application/x-ndjson"}) {
        coffer::api::request asked{coffer::api::method::get, "/accounts", {}, {}};
        asked.accept = accept;
        coffer::api::handle(table, closed.teller_at(0), asked, reply);
        CHECK(reply.status() == 503);
        CHECK_FALSE(reply.is_stream());
    }
}

TEST_CASE("list_accounts: a stream has every account of one cut, and their exact total", "[api]") {
    bank one{3000};
    const auto stream = one.stream();
    // Postings go on between the pulls; none of those after the first line is in the cut.
    one.deposit(1);
    std::string body;
    while (body.empty())
        REQUIRE(one.pull(*stream, body) == state::more);
    account_number next = 1;
    body += one.read(
        *stream,
        [&] {
            if (next == 100)
                return;  // the stream rests as long as there are postings
            one.deposit(next++);
            REQUIRE((one.ledger().transfer(3000, next, one_cent) &&
                     one.ledger().open(10'000 + next, one_cent)));
        },
        2000);
    const auto lines = lines_of(body);
    REQUIRE(lines.size() == 3002);
    CHECK((next > 20 && json::parse(lines.front()).at("cut") == 1));
    const std::string time{json::parse(lines.front()).at("time").as_string()};
    CHECK(time.size() == std::string_view{"2026-11-28T12:00:00.123456789Z"}.size());
    std::map<std::string, std::string> balances;
    for (std::size_t i = 1; i != 3001; ++i) {
        const json::value line = json::parse(lines[i]);
        const std::string number{line.at("account_number").as_string()};
        CHECK(balances.emplace(number, lines[i].substr(lines[i].find("balance"))).second);
    }
    CHECK(balances.at("1") == R"(balance":0.02})");
    CHECK(balances.at("3000") == R"(balance":30.0})");
    CHECK(balances.at("1234") == R"(balance":12.34})");
    CHECK(lines.back() == R"({"complete":true,"accounts":3000,"total":45015.01})");
}

TEST_CASE("list_accounts: a stream's total is exact beyond 64 bits of cents", "[api]") {
    bank one{0};
    for (account_number i = 1; i <= 3; ++i)
        REQUIRE(one.ledger().open(i, money::from_minor(std::numeric_limits<std::int64_t>::max())));
    CHECK(lines_of(one.read(*one.stream())).back() ==
          R"({"complete":true,"accounts":3,"total":276701161105643274.21})");
}

TEST_CASE("list_accounts: one stream at a time; a second is asked to try again", "[api]") {
    bank one{500};
    auto first = one.stream();
    CHECK_FALSE(one.ask("/accounts", "application/x-ndjson").is_stream());
    CHECK(one.reply.status() == 503);
    CHECK(one.reply.field("Retry-After") == "1");
    std::string body;
    for (int i = 0; i != 3; ++i)
        one.pull(*first, body, 100);
    first.reset();  // the client has left
    const auto second = one.stream();
    CHECK(lines_of(one.read(*second)).back() ==
          R"({"complete":true,"accounts":500,"total":1252.5})");
    CHECK(one.stream() != nullptr);
}

TEST_CASE("list_accounts: a slow stream is overtaken by another cut, and says so", "[api]") {
    bank one{500};
    const auto slow = one.stream();
    std::string body;
    while (lines_of(body).size() < 2)
        one.pull(*slow, body, 100);
    one.deposit(1);
    CHECK(one.ledger().cut(ignore, {.patience = 1ms}).total_minor == 125'251);
    body += one.read(*slow);
    const auto lines = lines_of(body);
    const json::value last = json::parse(lines.back());
    CHECK(last.at("complete") == false);
    CHECK(last.at("accounts").to_number<std::size_t>() == lines.size() - 2);
    CHECK(last.at("error").at("type") == "cut_overtaken");
    const auto late = one.stream();
    one.ledger().cut(ignore, {.patience = 1ms});
    CHECK(lines_of(one.read(*late)).size() == 1);
}

TEST_CASE("list_accounts: a line is due once the posting that it shows is durable", "[api]") {
    bank one{10, 5s};
    const auto safe = one.stream();
    one.read(*safe);
    CHECK(one.due == 0);
    one.deposit(5);
    const auto stream = one.stream();
    const std::string body = one.read(*stream);
    CHECK(body.find(R"({"account_number":"5","balance":0.06})") != std::string::npos);
    REQUIRE(one.due != 0);
    std::this_thread::sleep_for(5ms);
    CHECK_FALSE(one.at().is_durable(one.due));
    one.gate.open();
    while (!one.at().is_durable(one.due))
        std::this_thread::sleep_for(100us);
}

TEST_CASE("list_accounts: a stream waits while the lane has no room, and goes on", "[api]") {
    bank one{100, 5s};
    // Once a batch waits behind the gate, nothing is taken from the lane.
    one.deposit(7);
    one.at().announce();
    while (one.at().engine().journal()->pending_for() == 0ns)
        std::this_thread::sleep_for(100us);
    {
        const teller::turn turn{one.at()};
        while (one.at().deposit(7, one_cent, {}).outcome && !one.at().was_full()) {
        }
    }
    const auto stream = one.stream();
    std::string body;
    while (one.pull(*stream, body) == state::more) {
    }
    CHECK(one.pull(*stream, body) == state::waiting);
    CHECK(lines_of(body).size() == 1);
    one.gate.open();
    while (one.pull(*stream, body) != state::done)
        std::this_thread::sleep_for(100us);
    const auto lines = lines_of(body);
    CHECK(lines.size() == 102);
    CHECK(json::parse(lines.back()).at("complete") == true);
}

TEST_CASE("list_accounts: a stream ends with its reason when the disk hangs or the server stops",
          "[api]") {
    bank one{100, 20ms};
    one.deposit(7);
    const auto stream = one.stream();
    std::string body;
    while (body.empty())
        one.pull(*stream, body);
    while (one.at().engine().why_no_postings() == coffer::service::done)
        one.at().check_disk();
    body += one.read(*stream);
    CHECK(json::parse(lines_of(body).back()).at("error").at("type") == "unavailable");
    bank other{100};
    const auto stopped = other.stream();
    std::string last;
    while (lines_of(last).size() < 2)
        other.pull(*stopped, last, 100);
    stopped->end_early(problem::stopping, last);
    const json::value why = json::parse(lines_of(last).back());
    CHECK(why.at("complete") == false);
    CHECK(why.at("error").at("message").as_string() ==
          std::string{describe(problem::stopping).message});
}
