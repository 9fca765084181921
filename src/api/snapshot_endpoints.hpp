// The endpoints about the snapshots of a ledger.
#pragma once

#include <array>
#include <string_view>

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

inline constexpr std::array<std::string_view, 2> difference_query{"since", "limit"};

/// Lists the snapshots with their totals, the newest first.
void list_snapshots(teller&, const call&, reply&);
/// What changed in a snapshot since an older one: the largest changes, `limit` of them.
void compare_snapshots(teller&, const call&, reply&);

}  // namespace coffer::api
