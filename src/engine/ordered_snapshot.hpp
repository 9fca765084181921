// A snapshot that a teller has asked for: see teller::ask_for_snapshot.
#pragma once

#include "snapshot/snapshot_order.hpp"

namespace coffer {

using ordered_snapshot = snapshot::snapshot_order;

}  // namespace coffer
