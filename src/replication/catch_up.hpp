// Reads another node's journal over HTTP, `GET /admin/journal?after=RECORD`: for a node that is
// behind the log's tail, and for `coffer join`.
//
// Thread safety: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "journal/batch.hpp"

namespace coffer::replication {

struct other_node {
    std::string url;                     ///< http:// or https://HOST:PORT
    std::filesystem::path token_file{};  ///< its first line is a token of scope admin; empty: none
    std::filesystem::path ca_file{};
};

/// Calls `take` with each batch that follows `after`, in order and checked, up to the other node's
/// present end. Returns the position after the last batch. `take` may throw. Throws
/// std::runtime_error, naming the node, if it does not answer within `patience` or has another
/// history; stopping::stopped.
journal::batch_position copy_journal(const other_node& from, const journal::batch_position& after,
                                     const std::function<void(const journal::batch_view&)>& take,
                                     std::chrono::milliseconds patience);

/// Likewise for a node that has nothing yet. Begins with the batch that has the record after
/// `after`, and first calls `begin` with the position before that batch, whose times are not known.
/// Throws node_refusal of status 410, of node_download.hpp, if that has been trimmed.
journal::batch_position copy_journal_from(
    const other_node& from, std::uint64_t after,
    const std::function<void(const journal::batch_position&)>& begin,
    const std::function<void(const journal::batch_view&)>& take,
    std::chrono::milliseconds patience);

}  // namespace coffer::replication
