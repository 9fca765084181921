// The server: as many workers as threads, and the signals that stop them.
#pragma once

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "engine/engine.hpp"
#include "http/commons.hpp"
#include "http/limits.hpp"
#include "http/listen_address.hpp"
#include "http/worker.hpp"

namespace coffer::http {

class server {
public:
    /// Listens at `where` with `threads` workers, one for each teller of `house`. Throws
    /// std::runtime_error, with a text for people, if that cannot be: someone else listens there.
    server(engine& house, const listen_address& where, std::size_t threads, const limits& allowed);
    ~server() { stop(); }
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Where it listens, with the port that the system chose if it was asked to.
    [[nodiscard]] listen_address address() const { return workers_.front()->address(); }

    /// Begins to serve. Throws std::system_error if there are no threads to be had.
    void start();

    /// Takes SIGINT and SIGTERM over; returns once one has come and what had arrived by then is
    /// answered, for which there is the drain timeout: clients slower than that are cut off. From
    /// that signal on, another one has its default effect: the process ends at once.
    void wait();

    /// When the drain timeout of wait() is over. For after it.
    [[nodiscard]] std::chrono::steady_clock::time_point end_by() const noexcept { return end_by_; }

    /// Cuts off whoever is being served. Does nothing when nobody is any more.
    void stop();

private:
    void listen(engine& house, listen_address where, std::size_t threads);
    void drain(std::chrono::seconds patience);
    void join();

    commons common_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::vector<std::thread> threads_;
    std::chrono::steady_clock::time_point end_by_;
};

}  // namespace coffer::http
