// What the store itself needs so that it does not fill up: its size, its quota and alarms, and
// making room. Members are named by their URLs.
//
// Thread safety  Any thread may call any member. Errors are as in key_value_store.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replication/key_value_store.hpp"

namespace coffer::replication {

struct store_size {
    std::uint64_t database_bytes = 0;  ///< of the file, which the quota counts
    std::uint64_t used_bytes = 0;      ///< what defragmenting would leave of it
    std::uint64_t quota_bytes = 0;     ///< 0: the member does not say
    bool is_leader = false;            ///< of the store's members: it is defragmented last
};

class store_care {
public:
    using timeout = key_value_store::timeout;

    virtual ~store_care() = default;

    [[nodiscard]] virtual const std::vector<std::string>& members() const noexcept = 0;
    [[nodiscard]] virtual answer<store_size> size_of(const std::string& member, timeout within) = 0;
    /// Compacts all revisions before this one. `compacted` counts as success.
    [[nodiscard]] virtual store_error compact(std::int64_t revision, timeout within) = 0;
    /// Gives the member's free pages back. It answers nothing else meanwhile.
    [[nodiscard]] virtual store_error defragment(const std::string& member, timeout within) = 0;
    /// Whether any member's alarm of a full quota is raised.
    [[nodiscard]] virtual answer<bool> has_space_alarm(timeout within) = 0;
    [[nodiscard]] virtual store_error disarm_space_alarm(timeout within) = 0;
};

}  // namespace coffer::replication
