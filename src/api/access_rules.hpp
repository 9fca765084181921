// Who may send requests to a server: what its workers share.
#pragma once

#include <vector>

#include "api/host_names.hpp"
#include "api/rate_limit.hpp"
#include "api/token_set.hpp"

namespace coffer::api {

/// The names and the rate are set before the first worker serves.
/// Thread safety: any thread may use any member then.
struct access_rules {
    std::vector<host_name> names{};
    request_rate rate{};
    published_tokens tokens{};
    peer_buckets peers{};
};

}  // namespace coffer::api
