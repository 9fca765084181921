// What an error of etcd's gateway means for the request: whether it can have been carried out.
//
// A request was certainly not carried out only if etcd answers before it proposes a change, or when
// it applies a proposal that changes nothing. All others are `unknown`: a proposal that timed
// out, or whose leader changed, can be applied later. `no_space` is neither: etcd answers `database
// space exceeded` also for the transaction that it has applied and that went beyond the quota
// (quotaApplierV3, in 3.4 to 3.6).
#pragma once

#include <string>
#include <string_view>

#include "replication/key_value_store.hpp"

namespace coffer::replication {

/// The members of an error's JSON. The codes are gRPC's.
struct etcd_error {
    int code = 0;
    std::string message;
};

[[nodiscard]] store_error classify(const etcd_error& error) noexcept;

/// Whether the request was refused because of its token, so that another may do.
[[nodiscard]] bool is_of_token(const etcd_error& error) noexcept;
/// Whether the store knows no users.
[[nodiscard]] bool is_authentication_off(const etcd_error& error) noexcept;
/// Whether the member cannot reach the others: another member may succeed.
[[nodiscard]] bool is_of_member(const etcd_error& error) noexcept;

}  // namespace coffer::replication
