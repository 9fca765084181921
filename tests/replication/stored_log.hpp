// A log of entries of chosen sizes in a small_store, with a leader and reports of nodes.
#pragma once

#include <string>
#include <vector>

#include "catch.hpp"
#include "replication/log_entry.hpp"
#include "replication/log_keys.hpp"
#include "replication/log_reader.hpp"
#include "replication/members.hpp"
#include "replication/small_store.hpp"

namespace coffer::replication {

struct stored_log {
    small_store store;
    log_keys keys{"bank"};
    log_reader::place last{};
    std::uint64_t term = 0;

    static constexpr key_value_store::timeout within{100};

    stored_log() {
        store.put(keys.ledger(), "0123");
        append(0);
    }
    /// Appends an entry whose value counts as this many bytes.
    void append(std::uint64_t bytes) {
        const bool is_first = store.keys.count(keys.entry(0)) == 0 && last.number == 0;
        if (!is_first)
            ++last.number;
        last.total_bytes += bytes;
        store.put(keys.entry(last.number),
                  encode({.number = last.number, .total_bytes = last.total_bytes}));
    }
    void append(std::uint64_t entries, std::uint64_t bytes) {
        for (; entries != 0; --entries)
            append(bytes);
    }
    void lead(const std::string& node) {
        store.keys.erase(keys.leader());
        store.put(keys.leader(), R"({"node":")" + node + R"("})");
        term = static_cast<std::uint64_t>(store.revision);
    }
    void report(const std::string& node, std::uint64_t synced, bool is_catching_up = false) {
        const node_report one{.url = "http://" + node,
                              .incarnation = "1",
                              .synced_entry = synced,
                              .is_catching_up = is_catching_up};
        REQUIRE(put_report(store, keys, node, one, within) == store_error::none);
    }
    /// The numbers of the entries that there are.
    [[nodiscard]] std::vector<std::uint64_t> entries() const {
        std::vector<std::uint64_t> found;
        for (const auto& [key, value] : store.keys)
            if (const auto number = keys.entry_number(key))
                found.push_back(*number);
        return found;
    }
    [[nodiscard]] std::uint64_t first() const { return entries().front(); }
};

}  // namespace coffer::replication
