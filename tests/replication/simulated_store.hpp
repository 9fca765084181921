// A store of three members as nodes see it over a bad network, in virtual time: requests and
// answers are late, lost, sent twice and out of order; what had no answer may be carried out
// seconds later; members answer reads that are behind; leases end early, and are renewed in name
// only after that; a full store may carry out what it refuses.
//
// Thread safety: none; for tasks of a virtual_world.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "replication/key_value_store.hpp"
#include "replication/store_state.hpp"
#include "replication/virtual_world.hpp"

namespace coffer::test {

/// How often things go wrong; 0 for none of it.
struct store_faults {
    double request_lost = 0;
    double answer_lost = 0;
    double applied_late = 0;  ///< seconds after its time-out
    double slow = 0;          ///< near to its time-out
    double twice = 0;
    double unavailable = 0;
    double full = 0;
    double old_read = 0;
    double false_keepalive = 0;  ///< renewed in name, though there is no such lease
    double wrong_hint = 0;
};

class simulated_store {
public:
    using time = virtual_world::time;

    explicit simulated_store(virtual_world& in);

    /// What is true.
    [[nodiscard]] const store_state& state() const noexcept { return truth_; }
    /// Called with every change, before it is made.
    std::function<void(const store_state::change&)> on_change;
    store_faults faults;

    /// Ends a lease now, whatever was renewed.
    void revoke(std::int64_t lease) { truth_.revoke(lease); }

    /// What one life of one node has of the store.
    class link final : public replication::key_value_store {
    public:
        link(simulated_store& store, virtual_world::life of) : store_{store}, of_{std::move(of)} {}
        /// No request and no answer passes until then.
        void cut_until(time when) noexcept { cut_until_ = when; }
        /// Requests or answers take nearly as long as their time-out.
        void slow_until(time when) noexcept { slow_until_ = when; }

        [[nodiscard]] replication::answer<replication::transaction_result> transact(
            const replication::transaction& asked, timeout within) override;
        [[nodiscard]] replication::answer<replication::range_result> read(
            const replication::key_range& asked, timeout within, bool may_be_old) override;
        [[nodiscard]] replication::answer<replication::granted_lease> grant_lease(
            std::chrono::seconds time_to_live, timeout within) override;
        [[nodiscard]] replication::answer<replication::granted_lease> keep_alive(
            std::int64_t lease, timeout within) override;
        [[nodiscard]] replication::answer<std::int64_t> revoke_lease(std::int64_t lease,
                                                                     timeout within) override;
        [[nodiscard]] bool wait_for_change(const std::string& key, std::int64_t revision,
                                           timeout within) override;

    private:
        template <class Value>
        using carry_out = std::function<replication::answer<Value>()>;
        template <class Value>
        [[nodiscard]] replication::answer<Value> send(carry_out<Value> what, timeout within);

        simulated_store& store_;
        virtual_world::life of_;
        time cut_until_{0};
        time slow_until_{0};
    };

private:
    struct lease_end {
        time when;
        std::chrono::seconds time_to_live;
    };
    /// A member that follows, as far as it has come.
    struct member {
        store_state state;
        std::size_t changes = 0;
    };
    void expire(std::int64_t lease);
    [[nodiscard]] replication::range_result read_somewhere(const replication::key_range& asked,
                                                           bool may_be_old);

    virtual_world& world_;
    store_state truth_;
    std::vector<store_state::change> changes_;
    std::array<member, 2> members_;
    std::map<std::int64_t, lease_end> leases_;
};

}  // namespace coffer::test
