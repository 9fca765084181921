// Which node answers a request about the ledger, where the ledger has several: the one that leads
// it, while it may; and a standby, by what it has, if the client asks for that (`?stale=ok`).
//
// A right that a leader has once the request has arrived makes the reply right, whenever it is
// sent: see engine/leadership.hpp. So it is asked for once, and by streams before each piece.
#pragma once

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/leadership.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// Decides for a request whose `answered_by` is set and not `alone`. False if this node does not
/// answer it: then the reply is in `out`, 307 to the leader if it is known, or 503. Throws
/// std::bad_alloc.
[[nodiscard]] bool decide_by_role(const leadership& rights, call& asked, reply& out);

/// Changes the reply of an endpoint to such a request: a stream ends when the leader's right does,
/// and that of a standby states by which state it answers. Throws std::bad_alloc.
void answer_by_role(const leadership& rights, const call& asked, reply& out);

}  // namespace coffer::api
