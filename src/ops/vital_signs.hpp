// What the parts of a server report of themselves: figures for /metrics, and checks for /readyz.
#pragma once

#include <functional>
#include <string>

#include <coffer/retries.hpp>

#include "ops/registered.hpp"

namespace coffer {

/// Appends the figures of one part in the text format of Prometheus: see metric_text.hpp. Called by
/// any thread, and must not block.
using metric_source = std::function<void(std::string& out)>;

/// One thing that must hold for the server to be ready.
struct health_check {
    struct finding {
        bool is_well = true;
        std::string state = "ok";  ///< a few words: "hangs"
    };
    std::string name;
    std::function<finding()> look;  ///< called by any thread, and must not block
};

struct vital_signs {
    registered<metric_source> metrics;
    registered<health_check> checks;
    /// Whether each event loop turns, for /healthz.
    registered<health_check> loops;
    /// Those of the threads that post.
    registered<const retry_count*> retries;
};

}  // namespace coffer
