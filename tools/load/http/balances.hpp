// Finds the server, and reads the balances of all accounts before and after a run.
#pragma once

#include <chrono>
#include <vector>

#include "load/funds.hpp"
#include "load/http/server_list.hpp"
#include "load/options.hpp"

namespace coffer::load {

/// Returns the addresses of the targets: of each the one that accepts a connection. Throws
/// std::runtime_error if none does within `limit`, for all of them.
[[nodiscard]] server_list find_servers(const std::vector<target>&, std::chrono::milliseconds limit);

/// Returns what each account has, in the order of the accounts chosen, of the server that leads the
/// ledger, which it looks for among `servers`. Throws std::runtime_error if that does not report
/// one, or does not answer within `limit`; with several servers, within four times that.
[[nodiscard]] std::vector<funds> read_balances(server_list& servers, const options& chosen,
                                               std::chrono::milliseconds limit);

}  // namespace coffer::load
