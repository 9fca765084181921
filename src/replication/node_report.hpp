// The JSON values of two keys in the store: `nodes/NODE`, which a node reports of itself, and
// `members/NODE`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coffer::replication {

struct node_report {
    std::string url;
    /// A random text for the disk: a node that begins again with an empty directory has another.
    std::string incarnation;
    std::uint64_t synced_entry = 0;   ///< its files have every entry of the log up to this one
    std::uint64_t synced_record = 0;  ///< and so every record
    std::uint64_t applied_record = 0;
    bool is_catching_up = false;    ///< it copies another node's journal: trimming waits
    std::uint64_t reported_ns = 0;  ///< UTC since 1970, by its own clock: for people alone
};

[[nodiscard]] std::string encode(const node_report& one);
/// Unknown members are ignored. Nothing if it is no report.
[[nodiscard]] std::optional<node_report> decode_report(std::string_view text);

/// The value of `members/NODE`, the URL in one, which is empty if it has none, and whether the
/// member was added by name.
[[nodiscard]] std::string encode_member(std::string_view url, bool was_added);
[[nodiscard]] bool is_added_member(std::string_view text);
[[nodiscard]] std::string decode_member(std::string_view text);

/// The node in the value of the leader's key; empty if it has none.
[[nodiscard]] std::string decode_node(std::string_view text);

}  // namespace coffer::replication
