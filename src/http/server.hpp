// The HTTP server: several workers, each in its own thread, that listen on the same addresses.
#pragma once

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "engine/engine.hpp"
#include "http/limits.hpp"
#include "http/listen_address.hpp"
#include "http/tls_context.hpp"
#include "http/worker.hpp"

namespace coffer::http {

/// Thread safety: none, but for drain, drain_within and use.
class server {
public:
    /// Listens as `plan` says with `threads` workers, one for each teller of `engine`. Throws
    /// std::runtime_error with a readable reason if it cannot, for example if the address is in
    /// use.
    server(coffer::engine& engine, const listen_plan& plan, std::size_t threads,
           const limits& allowed);
    ~server() { stop(); }
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Where it listens, with the ports that the system chose if it was asked to: for everyone,
    /// and for operators.
    [[nodiscard]] const listen_plan& addresses() const noexcept { return plan_; }

    /// Uses this certificate for the connections that begin from now on. From any thread; due
    /// before start() where the plan has TLS. Throws std::bad_alloc.
    void use(const shared_tls_context& certificate);
    /// Who may send requests: nobody is refused at first. Its tokens may be published at any time,
    /// the rest is set before `start`.
    [[nodiscard]] api::access_rules& access() noexcept { return common_.access; }

    /// Begins to serve. Throws std::system_error if a thread cannot be started.
    void start();

    /// Begins to drain: accepts no more connections, answers the requests that have arrived, and
    /// closes. Connections that are open after the drain timeout are cut off. May be called once,
    /// from any thread.
    void drain();

    /// The same, and cuts connections off that are open after `patience`.
    void drain_within(std::chrono::seconds patience);

    /// Waits until all workers have drained.
    void wait();

    /// When the drain timeout ends. Valid after wait().
    [[nodiscard]] std::chrono::steady_clock::time_point end_by() const noexcept { return end_by_; }

    /// Cuts off all connections and ends the workers. Does nothing if they have ended.
    void stop();

private:
    void listen();
    void join();

    commons common_;
    listen_plan plan_;
    registered<metric_source>::registration figures_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::vector<std::thread> threads_;
    std::chrono::steady_clock::time_point end_by_{};
};

}  // namespace coffer::http
