#include "http/server.hpp"

#include <cstddef>
#include <string>

namespace coffer::http {

server::server(coffer::engine& engine, const listen_plan& plan, std::size_t threads,
               const limits& allowed)
    : common_{allowed}, plan_{plan}, figures_{engine.signs().metrics.add([this](std::string& out) {
          append_worker_figures(common_.workers, common_.admission, out);
      })} {
    while (workers_.size() != threads)
        workers_.push_back(std::make_unique<worker>(engine.teller_at(workers_.size()), common_));
    listen();
}

void server::listen() {
    worker& first = *workers_.front();
    for (const listen_address& where : plan_.everyone)
        first.listen(where, facts_of(where, plan_.operators.empty()));
    for (const listen_address& where : plan_.operators)
        first.listen(where, facts_of(where, true));
    for (auto& one : workers_)
        if (one != workers_.front())
            one->listen_beside(first);
    const std::vector<listen_address> found = first.addresses();  // with the system's ports
    const auto operators = found.begin() + static_cast<std::ptrdiff_t>(plan_.everyone.size());
    plan_ = {{found.begin(), operators}, {operators, found.end()}};
}

void server::stop() {
    drain_within(std::chrono::seconds{0});
    join();
}

void server::use(const shared_tls_context& certificate) {
    for (auto& one : workers_)
        one->use(certificate);
}

void server::start() {
    for (auto& one : workers_)
        threads_.emplace_back([&one] { one->run(); });
}

void server::drain() {
    end_by_ = std::chrono::steady_clock::now() + common_.limits.drain_timeout;
    drain_within(common_.limits.drain_timeout);
}

void server::wait() {
    join();
}

void server::join() {
    for (auto& one : threads_)
        one.join();
    threads_.clear();
}

void server::drain_within(std::chrono::seconds patience) {
    for (auto& one : workers_)
        one->drain(patience);
}

}  // namespace coffer::http
