#include "replication/members.hpp"

#include "catch.hpp"
#include "replication/small_store.hpp"

namespace coffer::replication {
namespace {

constexpr key_value_store::timeout within{100};

struct ledger_in_a_store {
    small_store store;
    log_keys keys{"bank"};

    ledger_in_a_store() {
        store.put(keys.ledger(), "0123");
        store.put(keys.entry(0), "first");
    }
    void report(const std::string& node, std::uint64_t synced) {
        const node_report one{.url = "http://" + node, .incarnation = "1", .synced_entry = synced};
        REQUIRE(put_report(store, keys, node, one, within) == store_error::none);
    }
    cluster_state read() {
        auto found = read_cluster(store, keys, within);
        REQUIRE(found);
        return found.value;
    }
};

TEST_CASE("members: nodes add themselves while the log has its first entry", "[replication]") {
    ledger_in_a_store of;
    of.report("one", 0);
    of.store.put(of.keys.entry(1), "second");
    of.report("two", 1);
    CHECK(of.read().members.size() == 2);
    CHECK(of.read().members.at("two") == "http://two");
}

TEST_CASE("members: a node that comes after entries were removed does not add itself",
          "[replication]") {
    ledger_in_a_store of;
    of.store.put(of.keys.entry(1), "second");
    of.store.keys.erase(of.keys.entry(0));
    of.report("late", 1);
    const cluster_state found = of.read();
    CHECK(found.members.empty());
    CHECK(found.reports.at("late").value.synced_entry == 1);
}

TEST_CASE("members: a node that was removed stays removed", "[replication]") {
    ledger_in_a_store of;
    of.report("one", 0);
    CHECK(remove_member(of.store, of.keys, "one", within).value);
    CHECK_FALSE(remove_member(of.store, of.keys, "one", within).value);
    of.report("one", 1);
    CHECK(of.read().members.empty());
    CHECK(add_member(of.store, of.keys, "one", "http://other", within).value);
    of.report("one", 2);
    CHECK(of.read().members.at("one") == "http://other");
}

TEST_CASE("members: none is added to a ledger that is not there", "[replication]") {
    small_store store;
    const auto added = add_member(store, log_keys{"bank"}, "one", "http://one", within);
    CHECK(added);
    CHECK_FALSE(added.value);
    CHECK(store.keys.empty());
}

TEST_CASE("members: the majority counts members alone, and what they have not reported as nothing",
          "[replication]") {
    ledger_in_a_store of;
    CHECK(of.read().synced_by_majority() == 0);
    of.report("a", 10);
    CHECK(of.read().synced_by_majority() == 0);  // of one that has added itself
    of.report("b", 7);
    CHECK(of.read().synced_by_majority() == 7);
    of.report("c", 9);
    CHECK(of.read().synced_by_majority() == 9);
    REQUIRE(add_member(of.store, of.keys, "silent", "http://s", within).value);
    CHECK(of.read().synced_by_majority() == 7);
    CHECK(of.read().have_synced(9) == 2);
    REQUIRE(remove_member(of.store, of.keys, "a", within).value);
    CHECK(of.read().synced_by_majority() == 7);
}

TEST_CASE("members: one alone is a majority only if it was added by name", "[replication]") {
    ledger_in_a_store of;
    of.report("a", 10);
    CHECK(of.read().synced_by_majority() == 0);
    of.report("b", 7);
    REQUIRE(remove_member(of.store, of.keys, "b", within).value);
    CHECK(of.read().synced_by_majority() == 0);
    REQUIRE(add_member(of.store, of.keys, "a", "http://a", within).value);
    CHECK(of.read().members.size() == 1);
    CHECK(of.read().synced_by_majority() == 10);
}

TEST_CASE("members: a node that begins again with an empty disk counts for what it has now",
          "[replication]") {
    ledger_in_a_store of;
    of.report("a", 10);
    of.report("b", 10);
    of.report("c", 3);
    CHECK(of.read().synced_by_majority() == 10);
    of.report("b", 0);
    CHECK(of.read().synced_by_majority() == 3);
}

TEST_CASE("members: the leader and its term are those of its key", "[replication]") {
    ledger_in_a_store of;
    CHECK(of.read().term == 0);
    of.store.put(of.keys.leader(), R"({"node":"one","url":"http://one"})");
    CHECK(of.read().leader == "one");
    CHECK(of.read().term == static_cast<std::uint64_t>(of.store.revision));
}

}  // namespace
}  // namespace coffer::replication
