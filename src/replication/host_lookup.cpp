#include "replication/host_lookup.hpp"

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace coffer::replication {
namespace asio = boost::asio;

struct host_lookup::state {
    std::string host;
    std::uint16_t port = 0;
    bool is_address = false;
    std::mutex mutex;
    std::condition_variable changed;
    endpoints found;            // under the mutex
    bool is_asking = false;     // under the mutex: a thread is
    std::uint64_t answers = 0;  // under the mutex

    void ask() noexcept {
        endpoints now;
        try {
            asio::io_context context;
            asio::ip::tcp::resolver resolver{context};
            boost::system::error_code error;
            const auto results = resolver.resolve(host, std::to_string(port),
                                                  asio::ip::tcp::resolver::numeric_service, error);
            for (const auto& one : results)
                now.push_back(one.endpoint());
        } catch (...) {  // without memory nothing is found
            now.clear();
        }
        const std::lock_guard lock{mutex};
        found = std::move(now);
        is_asking = false;
        ++answers;
        changed.notify_all();
    }
};

host_lookup::host_lookup(std::string host, std::uint16_t port) : state_{std::make_shared<state>()} {
    boost::system::error_code no_address;
    const auto address = asio::ip::make_address(host, no_address);
    state_->is_address = !no_address;
    if (state_->is_address)
        state_->found.emplace_back(address, port);
    state_->host = std::move(host);
    state_->port = port;
}

host_lookup::endpoints host_lookup::find(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock{state_->mutex};
    if (!state_->found.empty())
        return state_->found;
    const std::uint64_t before = state_->answers;
    if (!state_->is_asking) {
        try {
            std::thread{[shared = state_] { shared->ask(); }}.detach();
        } catch (const std::system_error&) {
            return {};
        }
        state_->is_asking = true;
    }
    state_->changed.wait_until(lock, deadline, [&] { return state_->answers != before; });
    return state_->found;
}

void host_lookup::forget() {
    const std::lock_guard lock{state_->mutex};
    if (!state_->is_address)
        state_->found.clear();
}

}  // namespace coffer::replication
