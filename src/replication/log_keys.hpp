// The names of the keys of one replicated ledger in the store. All of them begin with
// "coffer/NAME/".
//
//     ledger         the ledger's id, as 32 hexadecimal digits
//     leader         the node that leads: JSON {"node":..,"url":..}, with a lease
//     log/N          an entry of the log, N in 20 digits: see log_entry.hpp
//     members/NODE   a member of the ledger: JSON {"url":..,"added":..}, which is true for one that
//                    `coffer cluster add` has named
//     nodes/NODE     what a node reports of itself: see node_report.hpp
//     nothing        never exists: etcd decides a transaction in order with all others if it writes
//                    anything, even if it only removes a key that does not exist
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "replication/key_value_store.hpp"

namespace coffer::replication {

class log_keys {
public:
    /// `ledger` is a name that is_node_name accepts.
    explicit log_keys(std::string_view ledger) : prefix_{"coffer/" + std::string{ledger} + '/'} {}

    [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
    [[nodiscard]] std::string ledger() const { return prefix_ + "ledger"; }
    [[nodiscard]] std::string leader() const { return prefix_ + "leader"; }
    [[nodiscard]] std::string nothing() const { return prefix_ + "nothing"; }
    [[nodiscard]] std::string entry(std::uint64_t number) const;
    /// The number of an entry's key; nothing if it is no such key.
    [[nodiscard]] std::optional<std::uint64_t> entry_number(std::string_view key) const noexcept;
    /// The entries from `first` up to `end`, exclusive.
    [[nodiscard]] key_range entries(std::uint64_t first,
                                    std::uint64_t end = ~std::uint64_t{0}) const;
    [[nodiscard]] std::string member(std::string_view node) const;
    [[nodiscard]] key_range members() const;
    [[nodiscard]] std::string node(std::string_view node) const;
    [[nodiscard]] key_range nodes() const;

private:
    std::string prefix_;
};

/// Whether a text may be the name of a node or of a ledger: 1 to 64 letters, digits, `.`, `_` and
/// `-`, beginning with a letter or digit.
[[nodiscard]] bool is_node_name(std::string_view text) noexcept;

}  // namespace coffer::replication
