// What a client makes of a member that does not answer as etcd does.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "catch.hpp"
#include "replication/etcd_client.hpp"
#include "replication/scripted_server.hpp"

using namespace std::chrono_literals;
using coffer::replication::etcd_client;
using coffer::replication::operation;
using coffer::replication::store_error;
using coffer::replication::transaction;
using coffer::test::Contains;
using coffer::test::json_reply;
using coffer::test::scripted_reply;
using coffer::test::scripted_server;
using then = coffer::test::scripted_reply::then;

namespace {

constexpr auto patience = 20s;
constexpr auto little_patience = 300ms;

const transaction put{{}, {operation::put("key", "value")}, {}};

std::string committed(const std::string& cluster = "7") {
    return R"({"header":{"cluster_id":")" + cluster +
           R"(","revision":"5"},"succeeded":true,"responses":[{"response_put":{}}]})";
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";

struct bad_reply {
    const char* what;
    scripted_reply reply;
    bool is_reading = false;  ///< it is the reply to a reading
};

const bad_reply bad_replies[]{
    {"nothing", {"", then::hang}},
    {"an end", {"", then::close}},
    {"garbage", {"\x16\x03\x01 garbage \r\n\r\n", then::close}},
    {"endless garbage", {std::string(4000, 'x'), then::go_forth}},
    {"half a line", {"HTTP/1.1 200", then::hang}},
    {"half a head", {ok, then::hang}},
    {"a head that does not end", {ok + "A: " + std::string(2000, 'a'), then::go_forth}},
    {"fields that do not end", {ok + std::string(1000, 'f') + ": v\r\n", then::go_forth}},
    {"a cut body", {ok + "Content-Length: 500\r\n\r\n" + committed(), then::close}},
    {"half a body", {ok + "Content-Length: 500\r\n\r\n" + committed(), then::hang}},
    {"no length", {ok + "\r\n" + committed(), then::hang}},
    {"a large length", {ok + "Content-Length: 99999999999\r\n\r\n" + committed(), then::hang}},
    {"a length that is none", {ok + "Content-Length: 1x\r\n\r\n1", then::close}},
    {"two lengths", {ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", then::close}},
    {"a body that does not end",
     {chunked + "fa0\r\n" + std::string(4000, ' ') + "\r\nfa0\r\n" + std::string(4000, ' ') +
          "\r\n",
      then::go_forth}},
    {"a large chunk", {chunked + "ffffffffffff\r\n{", then::hang}},
    {"a chunk that is none", {chunked + "zz\r\n{}\r\n0\r\n\r\n", then::close}},
    {"a cut chunk", {chunked + "ff\r\n" + committed().substr(0, 20), then::close}},
    {"chunks without an end", {chunked + "2\r\n{}\r\n", then::close}},
    {"an extension that does not end", {chunked + "2;" + std::string(2000, 'e'), then::go_forth}},
    {"an interim reply", {"HTTP/1.1 100 Continue\r\n\r\n", then::hang}},
    {"another place", {"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"}},
    {"no content", {"HTTP/1.1 204 No Content\r\n\r\n"}},
    {"another protocol", {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"}},
    {"no text", json_reply("")},
    {"no JSON", json_reply("OK")},
    {"another JSON", json_reply("[]")},
    {"no header", json_reply(R"({"succeeded":true,"responses":[{"response_put":{}}]})")},
    {"two results",
     json_reply(R"({"header":{"cluster_id":"7","revision":"5"},"succeeded":true,)"
                R"("responses":[{"response_put":{}},{"response_put":{}}]})"),
     true},
    {"another's result",
     json_reply(R"({"header":{"cluster_id":"7","revision":"5"},)"
                R"("succeeded":true,"responses":[{"response_range":{}}]})"),
     true},
    {"the other branch",
     json_reply(R"({"header":{"cluster_id":"7","revision":"5"},)"
                R"("responses":[{"response_put":{}}]})"),
     true},
    {"deep JSON", json_reply(std::string(100'000, '['))},
    {"a page",
     {"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n"
      "<html>"}},
    {"an error of a page",
     {"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 32\r\n\r\n"
      R"({"code":3,"message":"etcdserver"})"}},
    {"an error without a code", json_reply(R"({"error":"etcdserver: no"})", 400)},
};

}  // namespace

TEST_CASE("etcd: a write is unknown after an answer that is none", "[replication]") {
    for (const bad_reply& bad : bad_replies) {
        INFO(bad.what);
        scripted_server server{[&](const auto&) { return bad.reply; }};
        etcd_client client{{{server.url()}}};
        const auto within = bad.reply.next == then::hang ? little_patience : patience;
        const auto begin = std::chrono::steady_clock::now();
        const auto found = client.transact(put, within);
        CHECK(found.error == store_error::unknown);
        CHECK_FALSE(found.reason.empty());
        CHECK(std::chrono::steady_clock::now() - begin < within + 10s);
        CHECK(server.requests().size() <= 1);
    }
}

TEST_CASE("etcd: a reading goes on to another member after an answer that is none",
          "[replication]") {
    for (const bad_reply& bad : bad_replies) {
        if (bad.reply.next == then::hang || bad.is_reading)
            continue;
        INFO(bad.what);
        scripted_server first{[&](const auto&) { return bad.reply; }};
        scripted_server second{[&](const auto&) {
            return json_reply(R"({"header":{"cluster_id":"7","revision":"5"},"count":"3"})");
        }};
        etcd_client client{{{first.url(), second.url()}}};
        const auto found = client.read({"key"}, patience);
        REQUIRE(found);
        CHECK(found.value.count == 3);
    }
}

TEST_CASE("etcd: a member that does not answer is left out for a while", "[replication]") {
    scripted_server silent{[](const auto&) { return scripted_reply{"", then::hang}; }};
    scripted_server good{[](const auto&) { return json_reply(committed()); }};
    etcd_client client{{{silent.url(), good.url()}}};
    CHECK(client.transact(put, little_patience).error == store_error::unknown);
    CHECK(good.requests().empty());
    for (int round = 0; round < 3; ++round)
        CHECK(client.transact(put, patience));
    CHECK(silent.requests().size() == 1);
    CHECK(good.requests().size() == 3);
    CHECK(good.connections() == 1);
}

TEST_CASE("etcd: a write that reached nothing is sent to the next member", "[replication]") {
    std::string closed;
    {
        const scripted_server gone{[](const auto&) { return scripted_reply{}; }};
        closed = gone.url();
    }
    scripted_server good{[](const auto&) { return json_reply(committed()); }};
    {
        etcd_client client{{{closed, good.url()}}};
        CHECK(client.transact(put, patience));
        CHECK(good.requests().size() == 1);
    }
    etcd_client client{{{closed, "http://name.invalid:2379"}}};
    CHECK(client.transact(put, patience).error == store_error::unavailable);
}

TEST_CASE("etcd: a write that may have reached a member is sent to no other", "[replication]") {
    scripted_server first{[](const auto&) { return scripted_reply{"", then::close}; }};
    scripted_server second{[](const auto&) { return json_reply(committed()); }};
    etcd_client client{{{first.url(), second.url()}}};
    CHECK(client.transact(put, patience).error == store_error::unknown);
    CHECK(second.requests().empty());
    CHECK(client.transact(put, patience));
    CHECK(second.requests().size() == 1);
}

TEST_CASE("etcd: a connection that was closed between two requests is not used", "[replication]") {
    scripted_server server{[](const auto&) { return json_reply(committed()); }};
    etcd_client client{{{server.url()}}};
    for (int round = 1; round <= 3; ++round) {
        CHECK(client.transact(put, patience));
        CHECK(client.transact(put, patience));
        CHECK(server.connections() == round);
        server.close_all();
    }
}

TEST_CASE("etcd: bytes behind a reply are no reply to the next request", "[replication]") {
    scripted_server server{[](const auto&) {
        return scripted_reply{json_reply(committed()).bytes + json_reply(committed()).bytes};
    }};
    etcd_client client{{{server.url()}}};
    CHECK(client.transact(put, patience));
    CHECK(client.transact(put, patience));
    CHECK(server.requests().size() == 2);
    CHECK(server.connections() == 2);
}

TEST_CASE("etcd: a reply of another cluster is no answer", "[replication]") {
    std::atomic<bool> is_moved{false};
    scripted_server server{
        [&](const auto&) { return json_reply(committed(is_moved ? "8" : "7")); }};
    etcd_client client{{{server.url()}}};
    CHECK(client.transact(put, patience));
    is_moved = true;
    const auto moved = client.transact(put, patience);
    CHECK(moved.error == store_error::unknown);
    CHECK_THAT(moved.reason, Contains("another etcd cluster, with the id 8"));
}

TEST_CASE("etcd: URLs of two clusters are refused, and the answers of the second are not used",
          "[replication]") {
    std::atomic<bool> is_gone{false};
    scripted_server first{[&](const auto&) {
        return is_gone ? scripted_reply{"", then::close} : json_reply(committed());
    }};
    scripted_server second{[](const auto&) { return json_reply(committed("8")); }};
    etcd_client both{{{first.url(), second.url()}}};
    CHECK_THROWS_WITH(both.require_one_cluster(patience), Contains(second.url()) &&
                                                              Contains("with the id 8") &&
                                                              Contains("with the id 7"));
    CHECK(both.has_space_alarm(patience));
    is_gone = true;
    const auto other = both.has_space_alarm(patience);
    CHECK(other.error == store_error::refused);
    CHECK_THAT(other.reason, Contains("another etcd cluster, with the id 8"));
    CHECK_NOTHROW(etcd_client{{{first.url(), second.url()}}}.require_one_cluster(patience));
}

TEST_CASE("etcd: a token that is refused is renewed once", "[replication]") {
    std::atomic<int> logins{0};
    std::atomic<int> good_from{0};
    scripted_server server{[&](const scripted_server::request& asked) {
        if (asked.head.starts_with("POST /v3/auth/authenticate "))
            return json_reply(R"({"header":{},"token":"t)" + std::to_string(++logins) + R"("})");
        const auto at = asked.head.find("Authorization: t");
        const int number = at == std::string::npos ? 0 : std::stoi(asked.head.substr(at + 16));
        if (number < good_from)
            return json_reply(R"({"error":"etcdserver: invalid auth token",)"
                              R"("message":"etcdserver: invalid auth token","code":16})",
                              401);
        return json_reply(committed());
    }};
    const auto file =
        std::filesystem::temp_directory_path() / ("coffer-password-" + std::to_string(::getpid()));
    std::ofstream{file} << "se\"cret\n";
    etcd_client client{{{server.url()}, "root", file}};
    good_from = 1;
    CHECK(client.transact(put, patience));
    CHECK(logins == 1);
    CHECK(server.requests()[0].body == R"({"name":"root","password":"se\"cret"})");
    CHECK(client.transact(put, patience));
    CHECK(logins == 1);
    good_from = 2;
    CHECK(client.transact(put, patience));
    CHECK(logins == 2);
    good_from = 100;
    CHECK(client.transact(put, patience).error == store_error::denied);
    CHECK(logins == 3);
    std::filesystem::remove(file);
    CHECK(client.transact(put, patience).error == store_error::denied);
}
