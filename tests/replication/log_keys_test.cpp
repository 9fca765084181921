#include "replication/log_keys.hpp"

#include <string>

#include "catch.hpp"

using coffer::replication::is_node_name;
using coffer::replication::log_keys;

TEST_CASE("log keys: have numbers of twenty digits, so that they sort as their numbers do",
          "[replication]") {
    const log_keys keys{"bank"};
    CHECK(keys.entry(7) == "coffer/bank/log/00000000000000000007");
    CHECK(keys.entry(9) < keys.entry(10));
    CHECK(keys.entry_number(keys.entry(42)) == 42);
    CHECK_FALSE(keys.entry_number("coffer/bank/log/7"));
    CHECK_FALSE(keys.entry_number("coffer/bank/log/0000000000000000000x"));
    CHECK_FALSE(keys.entry_number("coffer/other/log/00000000000000000007"));
}

TEST_CASE("log keys: a range of a folder has its keys and no others", "[replication]") {
    const auto range = log_keys{"bank"}.members();
    CHECK(range.key == "coffer/bank/members/");
    CHECK(range.end == "coffer/bank/members0");
}

TEST_CASE("node names: are short plain words", "[replication]") {
    CHECK(is_node_name("a"));
    CHECK(is_node_name("node-1.example_org"));
    CHECK_FALSE(is_node_name(""));
    CHECK_FALSE(is_node_name("-a"));
    CHECK_FALSE(is_node_name("a/b"));
    CHECK_FALSE(is_node_name("a b"));
    CHECK_FALSE(is_node_name(std::string(65, 'a')));
}
