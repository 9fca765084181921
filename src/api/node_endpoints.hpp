// The endpoints about this node and the others of its ledger.
#pragma once

#include <string_view>

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/leadership.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// "alone", "standby" or "leader".
[[nodiscard]] std::string_view name_of(node_role) noexcept;

/// Which role this node has, which node leads, and what all of them report of themselves.
void list_nodes(teller&, const call&, reply&);
/// Asks this node to hand the lead over, without waiting for that.
void step_down(teller&, const call&, reply&);

}  // namespace coffer::api
