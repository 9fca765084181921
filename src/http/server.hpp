// The server: as many workers as threads.
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
    /// Listens at `where` with `threads` workers, one for each teller of `engine`. Throws
    /// std::runtime_error, with a text for people, if that cannot be: someone else listens there.
    server(coffer::engine& engine, const listen_address& where, std::size_t threads,
           const limits& allowed);
    ~server() { stop(); }
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Where it listens, with the port that the system chose if it was asked to.
    [[nodiscard]] listen_address address() const { return workers_.front()->address(); }

    /// Begins to serve. Throws std::system_error if there are no threads to be had.
    void start();

    /// Begins to stop: accepts nobody any more, and answers what has arrived, for which there is
    /// the drain timeout. Clients slower than that are cut off. May be called once, from any
    /// thread.
    void drain();

    /// Returns once that is done.
    void wait();

    /// When the drain timeout is over. For after wait().
    [[nodiscard]] std::chrono::steady_clock::time_point end_by() const noexcept { return end_by_; }

    /// Cuts off whoever is being served. Does nothing when nobody is any more.
    void stop();

private:
    void listen(coffer::engine& engine, listen_address where, std::size_t threads);
    void drain(std::chrono::seconds patience);
    void join();

    commons common_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::vector<std::thread> threads_;
    std::chrono::steady_clock::time_point end_by_{};
};

}  // namespace coffer::http
