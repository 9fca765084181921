// The members of a replicated ledger, and what its nodes report, as the store has them.
//
// Entries of the log are removed only once a majority of the members has synced them. A node adds
// itself to the members with its first report, if the log still begins with its first entry: then
// every node can read all entries from the store. So the nodes of a new ledger all count,
// in whatever order they start. A node that comes later is added by `coffer cluster add`; one that
// was removed stays removed, since it has reported before.
//
// A member alone is a majority only if it was added by name: the first node of a new ledger is
// alone at first, and entries that it removed would be on its disk and nowhere else.
//
// Thread safety  any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "replication/key_value_store.hpp"
#include "replication/log_keys.hpp"
#include "replication/node_report.hpp"

namespace coffer::replication {

struct cluster_state {
    struct reported {
        node_report value;
        std::int64_t revision = 0;  ///< at which it was put last
    };
    std::map<std::string, std::string, std::less<>> members;  ///< the URL of each, by its name
    std::map<std::string, reported, std::less<>> reports;     ///< by the node's name
    bool is_one_enough = false;                               ///< a member was added by name
    std::string leader;                                       ///< empty: there is none
    std::uint64_t term = 0;     ///< the create_revision of the leader's key; 0: there is none
    std::int64_t revision = 0;  ///< of the store, when it was read

    [[nodiscard]] bool is_member(const std::string& node) const { return members.contains(node); }
    /// How many members a majority has.
    [[nodiscard]] std::size_t majority() const noexcept { return members.size() / 2 + 1; }
    /// Whether there is one member alone, and it has added itself.
    [[nodiscard]] bool lacks_a_second() const noexcept {
        return members.size() == 1 && !is_one_enough;
    }
    /// How many members have synced every entry up to this one, by what they have reported.
    [[nodiscard]] std::size_t have_synced(std::uint64_t entry) const;
    /// The last entry that a majority of the members has synced; 0 if there are no members, or one
    /// that was not added by name.
    [[nodiscard]] std::uint64_t synced_by_majority() const;
};

/// Reads all of it in one request. Leaves out values that are no reports.
[[nodiscard]] answer<cluster_state> read_cluster(key_value_store& store, const log_keys& keys,
                                                 key_value_store::timeout within);

/// Puts the report of a node, and adds the node to the members by the rule above.
[[nodiscard]] store_error put_report(key_value_store& store, const log_keys& keys,
                                     const std::string& node, const node_report& one,
                                     key_value_store::timeout within);

/// Adds a member, or gives it another URL. It may be done twice. The value is false if there is no
/// such ledger in the store.
[[nodiscard]] answer<bool> add_member(key_value_store& store, const log_keys& keys,
                                      const std::string& node, const std::string& url,
                                      key_value_store::timeout within);
/// Removes a member. The value is false if it was none.
[[nodiscard]] answer<bool> remove_member(key_value_store& store, const log_keys& keys,
                                         const std::string& node, key_value_store::timeout within);

}  // namespace coffer::replication
