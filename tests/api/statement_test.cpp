// Statements that take several jobs: long ones, and those whose journal is trimmed meanwhile.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/lines_of.hpp"
#include "api/past_balance.hpp"
#include "api/statement_page.hpp"
#include "api/statement_stream.hpp"
#include "catch.hpp"
#include "engine/engine.hpp"
#include "journal/memory_log.hpp"
#include "journal/scanned_history.hpp"

using coffer::money;
using coffer::posting;
using coffer::api::body_stream;
using coffer::api::page_selection;
using coffer::api::past_balance;
using coffer::api::problem;
using coffer::api::statement_page;
using coffer::api::statement_stream;
using coffer::api::stream_selection;
using coffer::journal::line_format;
using coffer::test::lines_of;
using coffer::test::memory_log;
using state = body_stream::state;
namespace json = boost::json;

namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t room = 16 * 1024;

/// An engine with accounts 7 and 9, and a journal in which each batch has one posting of account 7
/// and `others` of account 9: an opening, then deposits.
class bank {
public:
    bank(std::uint64_t batches, std::uint64_t others) {
        auto log = std::make_unique<memory_log>();
        auto ledger = std::make_unique<coffer::ledger>();
        coffer::journal::batch_builder batch;
        for (std::uint64_t i = 1; i <= batches; ++i) {
            batch.clear();
            add(batch, {7, i, money::from_minor(static_cast<std::int64_t>(i))});
            for (std::uint64_t j = 0; j != others; ++j)
                add(batch, {9, ++others_, money::from_minor(static_cast<std::int64_t>(others_))});
            REQUIRE(log->append(batch.seal(log->tail(), {i * 1000, i * 1000})));
            REQUIRE(log->wait_durable());
        }
        REQUIRE(ledger->restore({7, batches, money::from_minor(1)}));
        engine_.teller_at(0).on_durable([] {});
        coffer::engine::journal_options chosen;
        chosen.history = std::make_unique<coffer::journal::scanned_history>(*log);
        log_ = log.get();
        engine_.open(std::move(ledger), std::move(log), std::move(chosen));
    }

    /// Pulls once, and again where it waits for its job.
    state pull(body_stream& from, std::string& out) {
        for (;;) {
            state now;
            {
                const coffer::teller::turn turn{engine_.teller_at(0)};
                now = from.pull(engine_.teller_at(0), room, out);
            }
            if (now != state::waiting)
                return now;
            std::this_thread::sleep_for(std::chrono::microseconds{100});
        }
    }
    std::string read(body_stream& from) {
        std::string body;
        state now = state::more;
        while (now == state::more) {
            now = pull(from, body);
            most_buffered = std::max(most_buffered, from.buffered_bytes());
        }
        REQUIRE(now == state::done);
        return body;
    }
    problem refusal(body_stream& from) {
        std::string body;
        state now = state::more;
        while (now == state::more)
            now = pull(from, body);
        REQUIRE(now == state::failed);
        REQUIRE(body.empty());
        return from.failure();
    }
    void trim(std::uint64_t before) { REQUIRE(log_->trim(before)); }
    [[nodiscard]] std::uint64_t first_record() const { return log_->first_record(); }

    std::size_t most_buffered = 0;

private:
    static void add(coffer::journal::batch_builder& to, const posting& made) {
        std::vector<std::byte> bytes(coffer::journal::format::record::max_bytes);
        const coffer::journal::request_key key{"key", {}};
        using coffer::journal::record;
        const auto one = made.sequence == 1 ? record::of_opening(made, key)
                                            : record::of_deposit(made, money::from_minor(1), key);
        bytes.resize(coffer::journal::encode(one, bytes));
        REQUIRE(to.has_room(bytes.size()));
        to.add(bytes);
    }

    std::uint64_t others_ = 0;
    memory_log* log_ = nullptr;
    coffer::engine engine_{coffer::engine::options{}};
};

stream_selection of_seven(line_format format = line_format::ndjson) {
    return {7, format, 0, endless};
}

std::vector<std::uint64_t> sequences(const json::array& entries) {
    std::vector<std::uint64_t> found;
    for (const json::value& one : entries)
        found.push_back(one.at("sequence").to_number<std::uint64_t>());
    return found;
}

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = first; i <= last; ++i)
        all.push_back(i);
    return all;
}

}  // namespace

TEST_CASE("statement stream: a long one comes in pieces, with every posting once", "[api]") {
    bank one{1500, 0};  // some 200 KiB of lines
    statement_stream stream{of_seven()};
    json::array entries;
    const std::string body = one.read(stream);
    for (const std::string& line : lines_of(body))
        entries.push_back(json::parse(line));
    CHECK(sequences(entries) == numbers(1, 1500));
    CHECK(body.size() > 128 * 1024);
    CHECK(one.most_buffered < 136 * 1024);  // a piece, in a text that grows by doubling
}

TEST_CASE("statement stream: a batch of more than a piece is read again from its middle", "[api]") {
    bank one{1, 3000};
    statement_stream stream{{9, line_format::csv, 0, endless}};
    const auto lines = lines_of(one.read(stream));
    REQUIRE(lines.size() == 3001);
    CHECK(one.most_buffered < 136 * 1024);
    for (std::size_t i = 1; i != lines.size(); ++i)
        REQUIRE(lines[i].find(",9," + std::to_string(i) + (i == 1 ? ",opening," : ",deposit,")) !=
                std::string::npos);
}

TEST_CASE("statement stream: what is trimmed meanwhile ends it with a line that says so", "[api]") {
    const auto format = GENERATE(line_format::ndjson, line_format::csv);
    bank one{1500, 0};
    statement_stream stream{of_seven(format)};
    std::string body;
    REQUIRE(one.pull(stream, body) == state::more);
    while (body.empty())
        REQUIRE(one.pull(stream, body) == state::more);
    one.trim(1400);
    state now = state::more;
    while (now == state::more)
        now = one.pull(stream, body);
    REQUIRE(now == state::failed);
    REQUIRE(stream.failure() == problem::history_trimmed);
    stream.end_early(stream.failure(), body);
    const auto lines = lines_of(body);
    const std::string first = std::to_string(one.first_record());
    const std::string time = "1970-01-01T00:00:00.00" + first + "000Z";
    if (format == line_format::csv)
        CHECK(lines.back() ==
              "# history_trimmed: the journal has been trimmed and begins later by now, "
              "first_record " +
                  first + ", first_time " + time);
    else
        CHECK(lines.back() ==
              R"({"error":{"type":"history_trimmed","message":"the journal has been trimmed and )"
              R"(begins later by now","first_record":)" +
                  first + R"(,"first_time":")" + time + R"("}})");
    CHECK(lines.size() > 100);
    CHECK(lines.size() < 1400);
}

TEST_CASE("statement stream: if it ends early, its last line but one is whole", "[api]") {
    bank one{1500, 0};
    statement_stream stream{of_seven()};
    std::string body;
    while (body.empty())
        REQUIRE(one.pull(stream, body) == state::more);
    REQUIRE(body.back() != '\n');
    stream.end_early(problem::stopping, body);
    const auto lines = lines_of(body);
    CHECK(lines.back() ==
          R"({"error":{"type":"unavailable","message":"the server is about to stop"}})");
    for (const std::string& line : lines)
        CHECK_NOTHROW(json::parse(line));
}

TEST_CASE("statement page: is made by several jobs, and refused before it is sent", "[api]") {
    bank one{40, 800};  // some 3 MiB
    const auto page = [](std::size_t limit, std::uint64_t below) {
        return page_selection{.owner = {.ledger = {}, .account = 7},
                              .limit = limit,
                              .below_sequence = below,
                              .from_ns = 0,
                              .until_ns = endless};
    };
    statement_page whole{page(1000, 0)};
    auto expected = numbers(1, 40);
    std::ranges::reverse(expected);
    json::value data = json::parse(one.read(whole)).at("data");
    CHECK(sequences(data.at("entries").as_array()) == expected);
    CHECK(data.at("next").is_null());

    statement_page part{page(30, 40)};
    data = json::parse(one.read(part)).at("data");
    expected.erase(expected.begin());
    expected.resize(30);
    CHECK(sequences(data.at("entries").as_array()) == expected);
    CHECK(data.at("next").as_string() == coffer::api::to_cursor({{}, 7}, 10));

    one.trim(801 * 20 + 1);
    statement_page left{page(1000, 0)};
    data = json::parse(one.read(left)).at("data");
    CHECK(sequences(data.at("entries").as_array()).back() == 21);
    CHECK(data.at("next").as_string() == coffer::api::to_cursor({{}, 7}, 21));
    statement_page gone{page(1000, 21)};
    CHECK(one.refusal(gone) == problem::history_trimmed);
    REQUIRE(gone.failure_members().beginning);
    CHECK(gone.failure_members().beginning->first_record == one.first_record());
}

TEST_CASE("past balance: is that of the posting, or the refusal that is due", "[api]") {
    bank one{20, 3};
    past_balance fifth{{7, 5, 0}};
    CHECK(one.read(fifth) ==
          R"({"success":true,"data":{"account_number":"7","balance":0.05,"sequence":5,)"
          R"("time":"1970-01-01T00:00:00.000005000Z"},"code":200})");
    past_balance moment{{7, 0, 5999}};
    past_balance sequence{{7, 5, 0}};
    CHECK(one.read(moment) == one.read(sequence));
    past_balance beyond{{7, 21, 0}};
    CHECK(one.refusal(beyond) == problem::sequence_unknown);
    past_balance before{{7, 0, 999}};
    CHECK(one.refusal(before) == problem::account_unknown);
    past_balance last{{7, 0, endless}};
    CHECK(json::parse(one.read(last)).at("data").at("sequence") == 20);
    one.trim(4 * 10 + 1);
    // Account 8 is as one whose four postings have all been trimmed.
    for (const coffer::api::moment& wanted : std::vector<coffer::api::moment>{
             {7, 10, 0, 20}, {7, 0, 10'999, 20}, {7, 0, 1, 20}, {8, 4, 0, 4}, {8, 0, 1, 4}}) {
        past_balance gone{wanted};
        CHECK(one.refusal(gone) == problem::history_trimmed);
    }
    past_balance none{{8, 5, 0, 4}};
    CHECK(one.refusal(none) == problem::sequence_unknown);
    past_balance left{{7, 0, 11'000}};
    CHECK(json::parse(one.read(left)).at("data").at("sequence") == 11);
}
