#include "http/server.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "ops/log.hpp"

namespace coffer::http {
namespace {

namespace asio = boost::asio;

/// Throws if anyone listens there. Workers that share an address could not tell: the kernel lets
/// any process of the same user join them.
void prove_free(asio::io_context& events, const listen_address& where) {
    const asio::ip::tcp::endpoint endpoint{asio::ip::make_address(where.host), where.port};
    asio::ip::tcp::acceptor probe{events};
    probe.open(endpoint.protocol());
    probe.set_option(asio::socket_base::reuse_address{true});
    probe.bind(endpoint);
}

}  // namespace

server::server(engine& books, const listen_address& where, std::size_t threads)
    : signals_{events_, SIGINT, SIGTERM} {
    try {
        listen(books, where, threads);
    } catch (const boost::system::system_error& failure) {
        throw std::runtime_error{"cannot listen on " + to_string(where) + ": " +
                                 failure.code().message()};
    }
}

void server::listen(engine& books, listen_address where, std::size_t threads) {
    prove_free(events_, where);
    while (workers_.size() != threads) {
        workers_.push_back(std::make_unique<worker>(books, where, threads > 1));
        where = address();  // with the port that the first was given
    }
}

void server::run() {
    signals_.async_wait([this](const boost::system::error_code&, int signal) {
        log::info("{}: draining", signal == SIGINT ? "SIGINT" : "SIGTERM");
        signals_.clear();
        for (auto& one : workers_)
            one->drain();
    });
    std::vector<std::thread> threads;
    for (auto& one : workers_)
        threads.emplace_back([&one] { one->run(); });
    events_.run();
    for (auto& one : threads)
        one.join();
}

}  // namespace coffer::http
