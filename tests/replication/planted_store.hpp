// A node's way to the store with a fault that is planted: what a node would do that lacks a part of
// the protocol.
#pragma once

#include <functional>
#include <string>

#include "engine/leadership.hpp"
#include "replication/key_value_store.hpp"
#include "replication/log_keys.hpp"
#include "replication/model_cluster.hpp"

namespace coffer::test {

class planted_store final : public replication::key_value_store {
public:
    planted_store(model_cluster& cluster, replication::key_value_store& real, leadership& rights,
                  memory_log& files, std::function<std::chrono::nanoseconds()> boottime)
        : cluster_{cluster},
          real_{real},
          rights_{rights},
          files_{files},
          boottime_{std::move(boottime)} {}

    [[nodiscard]] replication::answer<replication::transaction_result> transact(
        const replication::transaction& asked, timeout within) override;
    [[nodiscard]] replication::answer<replication::range_result> read(
        const replication::key_range& asked, timeout within, bool may_be_old) override {
        return real_.read(asked, within, may_be_old);
    }
    [[nodiscard]] replication::answer<replication::granted_lease> grant_lease(
        std::chrono::seconds time_to_live, timeout within) override {
        return real_.grant_lease(time_to_live, within);
    }
    [[nodiscard]] replication::answer<replication::granted_lease> keep_alive(
        std::int64_t lease, timeout within) override;
    [[nodiscard]] replication::answer<std::int64_t> revoke_lease(std::int64_t lease,
                                                                 timeout within) override {
        return real_.revoke_lease(lease, within);
    }
    [[nodiscard]] bool wait_for_change(const std::string& key, std::int64_t revision,
                                       timeout within) override {
        return real_.wait_for_change(key, revision, within);
    }

private:
    [[nodiscard]] bool has(planted one) const noexcept { return cluster_.chosen.fault == one; }
    void leave_out(replication::transaction& asked) const;
    void copy_ahead(const replication::transaction& asked);
    [[nodiscard]] replication::answer<replication::transaction_result> retry_blindly(
        replication::transaction asked, timeout within);

    model_cluster& cluster_;
    replication::key_value_store& real_;
    leadership& rights_;
    memory_log& files_;
    std::function<std::chrono::nanoseconds()> boottime_;
};

}  // namespace coffer::test
