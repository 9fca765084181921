// What a store of keys has, as etcd would have it: keys with revisions, and leases. It decides one
// request after another and knows no time: the caller expires leases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "replication/key_value_store.hpp"

namespace coffer::test {

class store_state {
public:
    /// A change of one key: its value now, or that it was removed.
    struct change {
        std::string key;
        std::optional<replication::key_value> now;
    };

    /// Nothing if a lease that is needed does not exist: then nothing is changed.
    [[nodiscard]] std::optional<replication::transaction_result> apply(
        const replication::transaction& asked);
    [[nodiscard]] replication::range_result read(const replication::key_range& asked) const;

    [[nodiscard]] std::int64_t grant();
    [[nodiscard]] bool has_lease(std::int64_t lease) const { return leases_.contains(lease); }
    /// Removes a lease, and its keys.
    void revoke(std::int64_t lease);

    [[nodiscard]] const replication::key_value* find(const std::string& key) const;
    [[nodiscard]] std::int64_t revision() const noexcept { return revision_; }
    [[nodiscard]] const std::map<std::string, replication::key_value>& all() const noexcept {
        return keys_;
    }

    /// Called with each change, as it is made.
    std::function<void(const change&)> on_change;
    /// Makes a change of another state, as a member does that follows.
    void follow(const change& one, std::int64_t revision);

private:
    [[nodiscard]] bool holds(const replication::comparison& one) const;
    [[nodiscard]] replication::operation_result carry_out(const replication::operation& one,
                                                          bool& has_changed);
    void change_key(const std::string& key, std::optional<replication::key_value> now);

    std::map<std::string, replication::key_value> keys_;
    std::map<std::int64_t, bool> leases_;
    std::int64_t revision_ = 1;
    std::int64_t last_lease_ = 0;
};

}  // namespace coffer::test
