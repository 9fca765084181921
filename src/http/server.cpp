#include "http/server.hpp"

#include <csignal>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "ops/log.hpp"

namespace coffer::http {
namespace {

void join(std::vector<std::thread>& threads) {
    for (auto& one : threads)
        one.join();
}

}  // namespace

server::server(engine& house, const listen_address& where, std::size_t threads,
               const limits& allowed)
    : common_{allowed}, signals_{events_, SIGINT, SIGTERM} {
    try {
        listen(house, where, threads);
    } catch (const std::system_error& failure) {
        throw std::runtime_error{"cannot listen on " + to_string(where) + ": " +
                                 failure.code().message()};
    }
}

// The first worker listens alone, which fails if anyone else does: addresses that are shared from
// the start could be joined by any other process of the same user, with books of its own.
void server::listen(engine& house, listen_address where, std::size_t threads) {
    workers_.push_back(std::make_unique<worker>(house.teller_at(0), common_, where, false));
    where = address();  // with the port that it was given
    if (threads > 1)
        workers_.front()->share_address();
    while (workers_.size() != threads)
        workers_.push_back(
            std::make_unique<worker>(house.teller_at(workers_.size()), common_, where, true));
}

void server::run() {
    signals_.async_wait([this](const boost::system::error_code&, int signal) {
        log::info("{}: draining", signal == SIGINT ? "SIGINT" : "SIGTERM");
        signals_.clear();
        drain(common_.limits.drain_timeout);
    });
    std::vector<std::thread> threads;
    try {
        for (auto& one : workers_)
            threads.emplace_back([&one] { one->run(); });
        events_.run();
    } catch (...) {  // no more threads to be had
        drain(std::chrono::seconds{0});
        join(threads);
        throw;
    }
    join(threads);
}

void server::drain(std::chrono::seconds patience) {
    for (auto& one : workers_)
        one->drain(patience);
}

}  // namespace coffer::http
