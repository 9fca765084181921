#include "load/http/balances.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <future>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "load/answer_reader.hpp"
#include "load/reply_reader.hpp"
#include "load/request_writer.hpp"

namespace coffer::load {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::use_awaitable;
using asio::ip::tcp;
using http_reply = beast::http::response<beast::http::string_body>;

/// Runs `work` to its end. Throws std::runtime_error, which names the server, if that fails.
template <class Value>
Value run(asio::awaitable<Value> work, const target& where) {
    asio::io_context events{1};
    std::future<Value> done = asio::co_spawn(events, std::move(work), asio::use_future);
    events.run();
    try {
        return done.get();
    } catch (const boost::system::system_error& failure) {
        throw std::runtime_error{"cannot reach " + to_string(where) + ": " +
                                 failure.code().message()};
    }
}

/// Another node leads the ledger.
class led_elsewhere : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

funds funds_in(const http_reply& reply, account_number account) {
    if (reply.result() == beast::http::status::temporary_redirect)
        throw led_elsewhere{std::string{reply[beast::http::field::location]}};
    const auto found = read_funds(reply.body());
    if (reply.result() == beast::http::status::ok && found)
        return *found;
    throw std::runtime_error{"cannot read the balance of account " + std::to_string(account) +
                             ": status " + std::to_string(reply.result_int()) + ' ' +
                             std::string{error_type(reply.body())}};
}

asio::awaitable<tcp::endpoint> connect(const target& where, std::chrono::milliseconds limit) {
    tcp::resolver resolver{co_await asio::this_coro::executor};
    beast::tcp_stream stream{resolver.get_executor()};
    stream.expires_after(limit);
    co_return co_await stream.async_connect(resolver.resolve(where.host, where.port),
                                            use_awaitable);
}

// Pipelined: one round trip for each account would take minutes for millions of them.
asio::awaitable<std::vector<funds>> read_all(tcp::endpoint server, const target& where,
                                             std::span<const account_number> accounts,
                                             std::chrono::milliseconds limit) {
    constexpr std::size_t batch = 512;
    const request_writer writer{to_string(where)};
    beast::tcp_stream stream{co_await asio::this_coro::executor};
    stream.expires_after(limit);
    co_await stream.async_connect(server, use_awaitable);
    beast::flat_buffer buffer;
    std::vector<funds> balances;
    while (!accounts.empty()) {
        const auto now = accounts.first(std::min(batch, accounts.size()));
        accounts = accounts.subspan(now.size());
        std::string requests;
        for (const account_number account : now)
            writer.write({}, {&account, 1}, requests);
        stream.expires_after(limit);
        co_await asio::async_write(stream, asio::buffer(requests), use_awaitable);
        for (const account_number account : now) {
            http_reply reply;
            co_await beast::http::async_read(stream, buffer, reply, use_awaitable);
            balances.push_back(funds_in(reply, account));
        }
    }
    co_return balances;
}

}  // namespace

server_list find_servers(const std::vector<target>& targets, std::chrono::milliseconds limit) {
    std::vector<tcp::endpoint> found;
    std::string reason;
    for (const target& one : targets) {
        try {
            found.push_back(run(connect(one, limit), one));
        } catch (const std::runtime_error& failure) {  // it may be one that is down
            reason = failure.what();
        }
    }
    if (found.empty())
        throw std::runtime_error{reason};
    return server_list{std::move(found)};
}

std::vector<funds> read_balances(server_list& servers, const options& chosen,
                                 std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + 4 * limit;
    for (;;) {
        std::string reason;
        const tcp::endpoint asked = servers.leader();
        try {
            return run(read_all(asked, chosen.targets.front(), chosen.accounts, limit),
                       target{asked.address().to_string(), std::to_string(asked.port())});
        } catch (const led_elsewhere& other) {
            reason = std::string{"the ledger is led at "} + other.what();
            if (!servers.follow(other.what()))
                throw std::runtime_error{reason};
        } catch (const std::runtime_error& failure) {
            reason = failure.what();
            servers.leave(asked);
        }
        if (!servers.has_others() || std::chrono::steady_clock::now() > until)
            throw std::runtime_error{reason};
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
}

}  // namespace coffer::load
