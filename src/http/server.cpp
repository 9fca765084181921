#include "http/server.hpp"

#include <boost/system/system_error.hpp>
#include <stdexcept>

namespace coffer::http {

server::server(coffer::engine& engine, const listen_address& where, std::size_t threads,
               const limits& allowed)
    : common_{allowed} {
    try {
        listen(engine, where, threads);
    } catch (const boost::system::system_error& failure) {
        throw std::runtime_error{"cannot listen on " + to_string(where) + ": " +
                                 failure.code().message()};
    }
}

// The first worker binds the address exclusively, which fails if another process listens there.
// With a shared address from the start, another process of the same user, with a ledger of its own,
// could receive a part of the connections.
void server::listen(coffer::engine& engine, listen_address where, std::size_t threads) {
    workers_.push_back(std::make_unique<worker>(engine.teller_at(0), common_, where, false));
    where = address();  // with the port that the system chose
    if (threads > 1)
        workers_.front()->share_address();
    while (workers_.size() != threads)
        workers_.push_back(
            std::make_unique<worker>(engine.teller_at(workers_.size()), common_, where, true));
}

void server::stop() {
    drain(std::chrono::seconds{0});
    join();
}

void server::start() {
    for (auto& one : workers_)
        threads_.emplace_back([&one] { one->run(); });
}

void server::drain() {
    end_by_ = std::chrono::steady_clock::now() + common_.limits.drain_timeout;
    drain(common_.limits.drain_timeout);
}

void server::wait() {
    join();
}

void server::join() {
    for (auto& one : threads_)
        one.join();
    threads_.clear();
}

void server::drain(std::chrono::seconds patience) {
    for (auto& one : workers_)
        one->drain(patience);
}

}  // namespace coffer::http
