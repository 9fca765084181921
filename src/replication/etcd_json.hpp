// The requests and replies of etcd's JSON gateway, as text.
//
// Bytes are base64, and integers of 64 bits are strings. What is zero, false or empty is left out
// of replies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "replication/etcd_errors.hpp"
#include "replication/key_value_store.hpp"

namespace coffer::replication::etcd_json {

// Requests. They throw std::bad_alloc.
[[nodiscard]] std::string transaction_text(const transaction& asked);
/// `may_be_old`: the member answers from its own state, without asking the others.
[[nodiscard]] std::string range_text(const key_range& asked, bool may_be_old);
/// A key whose changes from `first_revision` on are asked for.
[[nodiscard]] std::string watch_text(const std::string& key, std::int64_t first_revision);
[[nodiscard]] std::string login_text(std::string_view user, std::string_view password);

// Replies. They return nothing for a text that is no such reply. They throw std::bad_alloc.

struct transaction_reply {
    std::string cluster;  ///< which cluster answered
    transaction_result result;
};
[[nodiscard]] std::optional<transaction_reply> read_transaction(std::string_view text,
                                                                const transaction& asked);

struct range_reply {
    std::string cluster;
    range_result result;
};
[[nodiscard]] std::optional<range_reply> read_range(std::string_view text);

/// Of a lease that was granted or renewed. A time to live of 0: the lease does not exist.
struct lease_reply {
    std::string cluster;
    granted_lease lease;
};
[[nodiscard]] std::optional<lease_reply> read_lease(std::string_view text);

/// Of a request whose reply has nothing but its header.
struct plain_reply {
    std::string cluster;
    std::int64_t revision = 0;
};
[[nodiscard]] std::optional<plain_reply> read_plain(std::string_view text);

struct status_reply {
    std::uint64_t database_bytes = 0;
    std::uint64_t used_bytes = 0;
};
[[nodiscard]] std::optional<status_reply> read_status(std::string_view text);

/// The ids of the members whose alarm of a full quota is raised.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> read_space_alarms(std::string_view text);

/// The token of a login.
[[nodiscard]] std::optional<std::string> read_token(std::string_view text);

/// What a line of a watch means.
enum class watch_line : std::uint8_t {
    nothing,   ///< it has begun, or goes on
    changed,   ///< the key has changed
    no_watch,  ///< there is no watch, or it was ended
};
struct watch_reply {
    watch_line line = watch_line::no_watch;
    std::int64_t compact_revision = 0;  ///< not 0: what was asked for before is compacted
};
[[nodiscard]] watch_reply read_watch_line(std::string_view line);

/// An error's code and message, of a reply or of a line of a stream.
[[nodiscard]] std::optional<etcd_error> read_error(std::string_view text);

}  // namespace coffer::replication::etcd_json
