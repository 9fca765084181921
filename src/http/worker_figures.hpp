// The figures of a server's workers, for /metrics, and whether their loops turn, for /healthz.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "api/route_table.hpp"
#include "http/admission.hpp"
#include "http/request_figures.hpp"
#include "ops/registered.hpp"
#include "ops/tally.hpp"
#include "ops/vital_signs.hpp"

namespace coffer::http {

/// One worker's, as long as it exists.
struct worker_signs {
    const request_figures* figures = nullptr;
    const api::route_table* routes = nullptr;
};

/// Appends the sums over all workers. Thread safety: any thread.
void append_worker_figures(const registered<worker_signs>& workers,
                           const http::admission& admission, std::string& out);

/// When a worker's loop was last seen to turn.
/// Thread safety: turn and end are for the worker's thread, the rest for any.
class loop_pulse {
public:
    /// A loop that has not turned for so long hangs. It turns at least once a second.
    static constexpr std::chrono::seconds patience{5};

    loop_pulse() noexcept { turn(); }
    void turn() noexcept { at_.set(now_ns()); }
    /// It turns no more, which is right.
    void end() noexcept { at_.set(ended); }
    [[nodiscard]] bool is_well() const noexcept;

private:
    static constexpr std::uint64_t ended = 0;
    [[nodiscard]] static std::uint64_t now_ns() noexcept {
        return latency_ns(std::chrono::steady_clock::now().time_since_epoch());
    }
    gauge at_;
};

}  // namespace coffer::http
