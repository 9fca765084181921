// A store that is an etcd cluster, by the JSON gateway of its members: etcd 3.4 and newer.
//
// Guarantees     As key_value_store.hpp. A request that changes something is sent once: what has no
//                answer is `unknown`, and so is each answer of which it is not certain that it
//                means "not carried out": see etcd_errors.hpp. Replies of another cluster than the
//                first are no answers.
// Limits         A reply has 32 MiB at most, which are 24 MiB of values: ask for fewer keys. A
//                read `from_the_last` costs etcd all of the range, whatever its limit is.
// Thread safety  As key_value_store.hpp. Each call that is running has a connection of its own.
#pragma once

#include <memory>

#include "replication/key_value_store.hpp"
#include "replication/replication_options.hpp"
#include "replication/store_care.hpp"

namespace coffer::replication {

class etcd_members;

class etcd_client final : public key_value_store, public store_care {
public:
    using timeout = key_value_store::timeout;

    /// Does not connect. Throws std::invalid_argument for a URL that is none, std::runtime_error
    /// for files that cannot be used, naming them.
    explicit etcd_client(const store_access& access);
    ~etcd_client() override;
    etcd_client(const etcd_client&) = delete;
    etcd_client& operator=(const etcd_client&) = delete;

    [[nodiscard]] answer<transaction_result> transact(const transaction& asked,
                                                      timeout within) override;
    [[nodiscard]] answer<range_result> read(const key_range& asked, timeout within,
                                            bool may_be_old = false) override;
    [[nodiscard]] answer<granted_lease> grant_lease(std::chrono::seconds time_to_live,
                                                    timeout within) override;
    [[nodiscard]] answer<granted_lease> keep_alive(std::int64_t lease, timeout within) override;
    [[nodiscard]] answer<std::int64_t> revoke_lease(std::int64_t lease, timeout within) override;
    [[nodiscard]] bool wait_for_change(const std::string& key, std::int64_t revision,
                                       timeout within) override;

    /// Asks each member of which cluster it is. Throws std::runtime_error, which names both, if two
    /// are of different ones. A member that does not answer is left out.
    void require_one_cluster(timeout within);

    [[nodiscard]] const std::vector<std::string>& members() const noexcept override;
    [[nodiscard]] answer<store_size> size_of(const std::string& member, timeout within) override;
    [[nodiscard]] store_error compact(std::int64_t revision, timeout within) override;
    [[nodiscard]] store_error defragment(const std::string& member, timeout within) override;
    [[nodiscard]] answer<bool> has_space_alarm(timeout within) override;
    [[nodiscard]] store_error disarm_space_alarm(timeout within) override;

private:
    std::unique_ptr<etcd_members> members_;
};

}  // namespace coffer::replication
