#include "replication/etcd_json.hpp"

#include <string>

#include "catch.hpp"

namespace json = coffer::replication::etcd_json;
using coffer::replication::comparison;
using coffer::replication::key_range;
using coffer::replication::operation;
using coffer::replication::transaction;

namespace {

const std::string header = R"("header":{"cluster_id":"18446744073709551615","revision":"9"})";

std::string with_header(const std::string& rest) {
    return '{' + header + rest + '}';
}

}  // namespace

TEST_CASE("etcd requests: a transaction is as the gateway reads it", "[replication]") {
    using subject = comparison::subject;
    using relation = comparison::relation;
    const transaction asked{
        {{"k", subject::create_revision, relation::equal, 9007199254740993},
         {"", subject::mod_revision, relation::greater, -1},
         {"k", subject::version, relation::less, 0},
         {"k", subject::version, relation::not_equal, 1}},
        {operation::put("k", std::string("\0\xFF", 2), 7),
         operation::read({"a", "b", 3, true, true}), operation::remove({"a", "b"})},
        {operation::put("k", ""), operation::read({"a"}), operation::remove({"a"})}};
    CHECK(
        json::transaction_text(asked) ==
        R"({"compare":[)"
        R"({"key":"aw==","target":"CREATE","create_revision":"9007199254740993","result":"EQUAL"},)"
        R"({"key":"","target":"MOD","mod_revision":"-1","result":"GREATER"},)"
        R"({"key":"aw==","target":"VERSION","version":"0","result":"LESS"},)"
        R"({"key":"aw==","target":"VERSION","version":"1","result":"NOT_EQUAL"}],)"
        R"("success":[{"request_put":{"key":"aw==","value":"AP8=","lease":"7"}},)"
        R"({"request_range":{"key":"YQ==","range_end":"Yg==","limit":"3","keys_only":true,)"
        R"("sort_order":"DESCEND","sort_target":"KEY"}},)"
        R"({"request_delete_range":{"key":"YQ==","range_end":"Yg=="}}],)"
        R"("failure":[{"request_put":{"key":"aw==","value":""}},)"
        R"({"request_range":{"key":"YQ=="}},{"request_delete_range":{"key":"YQ=="}}]})");
    CHECK(json::transaction_text({}) == R"({"compare":[],"success":[],"failure":[]})");
    CHECK(json::range_text({"a"}, true) == R"({"key":"YQ==","serializable":true})");
    CHECK(json::watch_text("a", 5) == R"({"create_request":{"key":"YQ==","start_revision":"5"}})");
    CHECK(json::login_text("a\"b", "\\") == R"({"name":"a\"b","password":"\\"})");
}

TEST_CASE("etcd replies: numbers are exact, whether strings or not", "[replication]") {
    const auto found = json::read_range(with_header(
        R"(,"kvs":[{"key":"YQ==","value":"AP8=","create_revision":"9223372036854775807",)"
        R"("mod_revision":9007199254740993,"version":"1","lease":"-3"},{"key":"Yg=="}],)"
        R"("more":true,"count":"12","new_member":{"of":["a","newer","etcd"]})"));
    REQUIRE(found);
    CHECK(found->cluster == "18446744073709551615");
    CHECK(found->result.revision == 9);
    CHECK(found->result.count == 12);
    REQUIRE(found->result.found.size() == 2);
    const auto& first = found->result.found[0];
    CHECK(first.key == "a");
    CHECK(first.value == std::string("\0\xFF", 2));
    CHECK(first.create_revision == 9223372036854775807);
    CHECK(first.mod_revision == 9007199254740993);
    CHECK(first.version == 1);
    CHECK(first.lease == -3);
    CHECK(found->result.found[1].value.empty());
    CHECK(found->result.found[1].version == 0);
}

TEST_CASE("etcd replies: what is malformed is none", "[replication]") {
    CHECK(json::read_range(with_header("")));
    CHECK(json::read_range(with_header(R"(,"kvs":null,"count":null)")));
    for (const char* rest :
         {R"(,"count":"9223372036854775808")", R"(,"count":"1 ")", R"(,"count":"")",
          R"(,"count":1.5)", R"(,"count":true)", R"(,"count":"0x1")", R"(,"kvs":{})",
          R"(,"kvs":[1])", R"(,"kvs":[{"key":1}])", R"(,"kvs":[{"key":"a"}])",
          R"(,"kvs":[{"key":"YQ==","version":[]}])", R"(,)", R"(}{)"}) {
        INFO(rest);
        CHECK_FALSE(json::read_range(with_header(rest)));
    }
    for (const char* text : {"", "null", "1", "[]", "{}", R"({"header":1})", R"({"header":null})",
                             R"({"header":{"cluster_id":1}})", R"({"header":{"revision":{}}})"}) {
        INFO(text);
        CHECK_FALSE(json::read_range(text));
        CHECK_FALSE(json::read_plain(text));
        CHECK_FALSE(json::read_lease(text));
    }
}

TEST_CASE("etcd replies: a transaction has a result for each operation of its branch",
          "[replication]") {
    const transaction asked{
        {}, {operation::put("a", "1"), operation::read({"a"})}, {operation::remove({"a"})}};
    const auto done = json::read_transaction(
        with_header(R"(,"succeeded":true,"responses":[{"response_put":{}},)"
                    R"({"response_range":{"kvs":[{"key":"YQ=="}],"count":"4"}}])"),
        asked);
    REQUIRE(done);
    CHECK(done->result.succeeded);
    REQUIRE(done->result.results.size() == 2);
    CHECK(done->result.results[1].found.size() == 1);
    CHECK(done->result.results[1].count == 4);
    const auto not_done = json::read_transaction(
        with_header(R"(,"responses":[{"response_delete_range":{"deleted":"2"}}])"), asked);
    REQUIRE(not_done);
    CHECK_FALSE(not_done->result.succeeded);
    CHECK(not_done->result.results[0].count == 2);
    CHECK(json::read_transaction(with_header(R"(,"succeeded":true)"), {}));

    for (const char* rest :
         {"", R"(,"responses":[])", R"(,"responses":[1])", R"(,"responses":[{}])",
          R"(,"responses":[{"response_put":{}}])", R"(,"responses":{})",
          R"(,"succeeded":"true","responses":[{"response_delete_range":{}}])",
          R"(,"succeeded":true,"responses":[{"response_put":{}}])",
          R"(,"succeeded":true,"responses":[{"response_range":{}},{"response_put":{}}])"}) {
        INFO(rest);
        CHECK_FALSE(json::read_transaction(with_header(rest), asked));
    }
}

TEST_CASE("etcd replies: leases, tokens, alarms and sizes", "[replication]") {
    const auto granted = json::read_lease(with_header(R"(,"ID":"5","TTL":"3")"));
    REQUIRE(granted);
    CHECK(granted->lease.id == 5);
    CHECK(granted->lease.time_to_live.count() == 3);
    const auto gone = json::read_lease(R"({"result":)" + with_header(R"(,"ID":"5")") + '}');
    REQUIRE(gone);
    CHECK(gone->lease.time_to_live.count() == 0);

    CHECK(json::read_token(R"({"header":{},"token":"abc.1"})") == "abc.1");
    for (const char* text : {"{}", R"({"token":""})", R"({"token":"a\r\nHost: b"})",
                             R"({"token":"a b"})", R"({"token":"\u00e4"})", R"({"token":7})"}) {
        INFO(text);
        CHECK_FALSE(json::read_token(text));
    }

    CHECK(json::read_space_alarms("{}")->empty());
    CHECK(*json::read_space_alarms(
              R"({"alarms":[{"memberID":"18446744073709551615","alarm":"NOSPACE"},)"
              R"({"memberID":"2","alarm":"CORRUPT"}]})") ==
          std::vector<std::uint64_t>{18446744073709551615U});
    CHECK_FALSE(json::read_space_alarms(R"({"alarms":[1]})"));

    const auto status = json::read_status(R"({"dbSize":"20480","dbSizeInUse":"16384"})");
    REQUIRE(status);
    CHECK(status->database_bytes == 20480);
    CHECK(status->used_bytes == 16384);
}

TEST_CASE("etcd replies: lines of a watch", "[replication]") {
    using line = json::watch_line;
    const auto kind = [](const std::string& rest) {
        return json::read_watch_line(R"({"result":)" + with_header(rest) + '}').line;
    };
    CHECK(kind(R"(,"created":true)") == line::nothing);
    CHECK(kind(R"(,"events":[{"type":"DELETE","kv":{"key":"YQ=="}}])") == line::changed);
    CHECK(kind(R"(,"canceled":true)") == line::no_watch);
    CHECK(json::read_watch_line("garbage").line == line::no_watch);
    CHECK(json::read_watch_line(R"({"error":{"grpc_code":14,"message":"no"}})").line ==
          line::no_watch);
    const auto compacted = json::read_watch_line(
        R"({"result":)" + with_header(R"(,"canceled":true,"compact_revision":"8")") + '}');
    CHECK(compacted.line == line::no_watch);
    CHECK(compacted.compact_revision == 8);
}

TEST_CASE("etcd replies: errors, of a reply and of a line of a stream", "[replication]") {
    const auto plain = json::read_error(R"({"error":"e","message":"m","code":5})");
    REQUIRE(plain);
    CHECK(plain->code == 5);
    CHECK(plain->message == "m");
    const auto nested =
        json::read_error(R"({"error":{"grpc_code":14,"http_code":503,"message":"m"}})");
    REQUIRE(nested);
    CHECK(nested->code == 14);
    CHECK_FALSE(json::read_error(R"({"error":"e","message":"m"})"));
    CHECK_FALSE(json::read_error(R"({"code":{}})"));
    CHECK_FALSE(json::read_error("404 page not found"));
}
