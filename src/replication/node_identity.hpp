// Whose copy a data directory is: DIR/node.json, which a node of a replicated ledger has. JSON
// {"ledger":NAME,"ledger_id":HEX,"incarnation":TEXT}.
//
// No server begins a history of its own in a directory with this file. A journal in a directory
// without the file is not taken for a copy. DIR/journal/node.json is a copy of the file: it stays
// with the journal where DIR/node.json was lost, and is only used to refuse the directory.
//
// Thread safety: none.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ops/ledger_id.hpp"

namespace coffer::replication {

struct node_identity {
    std::string ledger;  ///< the name that the store knows it by
    ledger_id id{};
    /// A random text for the disk: a node that begins again with an empty directory has another.
    std::string incarnation;

    bool operator==(const node_identity&) const = default;
};

[[nodiscard]] std::string random_incarnation();
[[nodiscard]] ledger_id random_ledger();

/// Nothing if the directory has none. Throws std::runtime_error, naming the file, if it is damaged
/// or cannot be read.
[[nodiscard]] std::optional<node_identity> read_identity(const std::filesystem::path& directory);
/// Returns once it survives a crash. Throws std::runtime_error, naming the file.
void write_identity(const std::filesystem::path& directory, const node_identity& one);

/// Writes a copy of it to DIR/journal/node.json, which must be a folder, unless it is there: where
/// DIR/node.json is lost, the journal is known as a copy all the same. Throws like the two above.
void mark_journal(const std::filesystem::path& directory, const node_identity& one);

/// For a server that does not replicate. Throws std::runtime_error, naming the directory, if it is
/// a copy of a replicated ledger.
void require_no_copy_of_ledger(const std::filesystem::path& directory);
/// For a node of this ledger. `has_journal`: whether the directory has one. Throws
/// std::runtime_error, naming the directory, if it is a copy of another ledger, or has a journal
/// and no node.json. Returns its identity; nothing if the directory is empty.
[[nodiscard]] std::optional<node_identity> require_copy_of(const std::filesystem::path& directory,
                                                           const std::string& ledger,
                                                           bool has_journal);

}  // namespace coffer::replication
