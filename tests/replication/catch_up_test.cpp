#include "replication/catch_up.hpp"

#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "journal/batches.hpp"
#include "journal/memory_log.hpp"
#include "replication/node_download.hpp"
#include "replication/scripted_node.hpp"
#include "snapshot/temporary_directory.hpp"

namespace coffer::replication {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds patience = 10s;

std::string text_of(const std::vector<std::byte>& batch) {
    return {reinterpret_cast<const char*>(batch.data()), batch.size()};
}

/// A journal of batches with these numbers of records.
struct journal_of {
    test::memory_log log;
    journal::batch_position begin = log.tail();
    std::vector<journal::batch_position> after;  // after each batch
    std::vector<std::string> batches;

    explicit journal_of(const std::vector<std::uint32_t>& sizes) {
        test::deposits made;
        for (const std::uint32_t size : sizes) {
            made.append(log, size, 1'000);
            after.push_back(log.tail());
        }
        for (const auto& one : log.batches())
            batches.push_back(text_of(one));
    }
    [[nodiscard]] std::string text(std::size_t from = 0) const {
        std::string all;
        for (std::size_t i = from; i != batches.size(); ++i)
            all += batches[i];
        return all;
    }
};

struct copied {
    std::vector<std::uint64_t> first_records;
    std::function<void(const journal::batch_view&)> take = [this](const journal::batch_view& one) {
        first_records.push_back(one.header.first_record);
    };
};

TEST_CASE("catch_up: copies the batches behind a place", "[replication]") {
    const journal_of past{{3, 2, 5}};
    const scripted_node node{[&](const std::string&) { return scripted_node::ok(past.text(1)); }};
    copied into;
    const auto end = copy_journal({.url = node.url()}, past.after[0], into.take, patience);
    CHECK(end == past.log.tail());
    CHECK(into.first_records == std::vector<std::uint64_t>{4, 6});
    CHECK(node.asked() == std::vector<std::string>{"GET /admin/journal?after=3 HTTP/1.1"});
}

TEST_CASE("catch_up: passes over marks before its place, and takes those behind it",
          "[replication]") {
    const journal_of past{{3, 0, 2, 0}};
    std::size_t from = 0;
    const scripted_node node{
        [&](const std::string&) { return scripted_node::ok(past.text(from)); }};
    copied into;
    from = 1;
    const auto end = copy_journal({.url = node.url()}, past.after[1], into.take, patience);
    CHECK(end == past.log.tail());
    CHECK(into.first_records == std::vector<std::uint64_t>{4, 6});
}

TEST_CASE("catch_up: goes on where a node broke off", "[replication]") {
    const journal_of past{{3, 2, 5}};
    const std::string whole = scripted_node::ok(past.text());
    int answers = 0;
    const scripted_node node{[&](const std::string&) {
        switch (++answers) {
            case 1:  // within the second batch
                return whole.substr(0, whole.size() - past.batches[2].size() - 10);
            case 2:
                return scripted_node::refusal("503 Service Unavailable");
            default:
                return scripted_node::ok(past.text(1));
        }
    }};
    copied into;
    CHECK(copy_journal({.url = node.url()}, past.begin, into.take, patience) == past.log.tail());
    CHECK(into.first_records == std::vector<std::uint64_t>{1, 4, 6});
    CHECK(node.asked().back() == "GET /admin/journal?after=3 HTTP/1.1");
}

TEST_CASE("catch_up: refuses another history and damage", "[replication]") {
    const journal_of past{{3, 2, 5}};
    const journal_of other{{2, 1, 4}};
    std::string reply;
    const scripted_node node{[&](const std::string&) { return scripted_node::ok(reply); }};
    copied into;
    const auto copy = [&](const journal::batch_position& after) {
        return copy_journal({.url = node.url()}, after, into.take, patience);
    };
    reply = other.text(2);
    CHECK_THROWS_WITH(copy(past.after[0]), test::Contains("has another history"));
    reply = past.text(2);  // the second is missing
    CHECK_THROWS_WITH(copy(past.after[0]), test::Contains("behind record 3"));
    reply = past.text(1);
    reply[reply.size() - 20] ^= 1;
    CHECK_THROWS_AS(copy(past.after[0]), std::runtime_error);
    CHECK(into.first_records == std::vector<std::uint64_t>{4});
    reply = std::string(1000, 'x');
    CHECK_THROWS_AS(copy(past.after[0]), std::runtime_error);
}

TEST_CASE("catch_up: begins where the node's journal begins", "[replication]") {
    const journal_of past{{3, 2, 5}};
    const scripted_node node{[&](const std::string&) { return scripted_node::ok(past.text(1)); }};
    copied into;
    journal::batch_position before;
    int begun = 0;
    const auto end = copy_journal_from(
        {.url = node.url()}, 4,
        [&](const journal::batch_position& at) {
            before = at;
            ++begun;
        },
        into.take, patience);
    CHECK(end == past.log.tail());
    CHECK(begun == 1);
    CHECK(before.next_record == 4);
    CHECK(before.chain == past.after[0].chain);
    CHECK(into.first_records == std::vector<std::uint64_t>{4, 6});
}

TEST_CASE("catch_up: gives up once a node has not answered for long enough", "[replication]") {
    copied into;
    std::string url;
    {
        const scripted_node gone{[](const std::string&) { return std::string{}; }};
        url = gone.url();
    }
    CHECK_THROWS_AS(copy_journal({.url = url}, {}, into.take, 300ms), node_unavailable);
    const scripted_node silent{[](const std::string&) { return std::string{}; }};
    CHECK_THROWS_WITH(copy_journal({.url = silent.url()}, {}, into.take, 300ms),
                      test::Contains("broke off"));
}

TEST_CASE("node_download: shows a token, and follows a redirection with it", "[replication]") {
    const test::temporary_directory where;
    std::ofstream{where.path() / "token"} << "secret\nmore\n";
    const auto reply = [](const std::string& head) {
        return head.find("\r\nAuthorization: Bearer secret\r\n") == std::string::npos
                   ? scripted_node::refusal("401 Unauthorized", "who are you")
                   : scripted_node::ok("found");
    };
    const scripted_node leader{reply};
    const scripted_node standby{[&](const std::string&) {
        return scripted_node::refusal("307 Temporary Redirect", {},
                                      "Location: " + leader.url() + "/x?y=1\r\n");
    }};
    const other_node from{.url = standby.url(), .token_file = where.path() / "token"};
    CHECK(get_text(from, {.target = "/x?y=1"}) == "found");
    CHECK(leader.asked() == std::vector<std::string>{"GET /x?y=1 HTTP/1.1"});
    CHECK_THROWS_WITH(get_text({.url = leader.url()}, {.target = "/x"}),
                      test::Contains("answered /x with 401: who are you"));
}

TEST_CASE("node_download: follows no circle, and takes no text that is too large",
          "[replication]") {
    const scripted_node circle{[](const std::string&) {
        return scripted_node::refusal("307 Temporary Redirect", {},
                                      "Location: http://127.0.0.1:1/\r\n");
    }};
    CHECK_THROWS_AS(get_text({.url = circle.url()}, {.target = "/"}), node_unavailable);
    const scripted_node large{
        [](const std::string&) { return scripted_node::ok(std::string(1001, 'x')); }};
    CHECK_THROWS_AS(get_text({.url = large.url()}, {.target = "/"}, 1000), std::runtime_error);
    CHECK(get_text({.url = large.url()}, {.target = "/"}, 1001).size() == 1001);
}

}  // namespace
}  // namespace coffer::replication
