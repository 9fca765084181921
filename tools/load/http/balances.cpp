#include "load/http/balances.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include "load/reply_reader.hpp"
#include "load/request_writer.hpp"

namespace coffer::load {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// A connection that waits for each step, and not forever.
class patient_connection {
public:
    patient_connection(std::string name, std::chrono::milliseconds limit)
        : name_{std::move(name)}, limit_{limit} {}

    template <class Endpoints>
    void connect(const Endpoints& endpoints) {
        await("connect to", [&](auto done) {
            asio::async_connect(socket_, endpoints,
                                [done](error_code error, const tcp::endpoint&) { done(error, 0); });
        });
    }
    void write(const std::string& bytes) {
        await("write to",
              [&](auto done) { asio::async_write(socket_, asio::buffer(bytes), done); });
    }
    std::string_view read() {
        const std::size_t size = await(
            "read from", [&](auto done) { socket_.async_read_some(asio::buffer(buffer_), done); });
        return {buffer_.data(), size};
    }
    tcp::endpoint peer() { return socket_.remote_endpoint(); }

private:
    template <class Begin>
    std::size_t await(const char* what, const Begin& begin) {
        error_code result = asio::error::timed_out;
        std::size_t moved = 0;
        begin([&](error_code error, std::size_t size) {
            result = error;
            moved = size;
        });
        events_.restart();
        events_.run_for(limit_);
        if (result) {
            error_code ignored;
            socket_.close(ignored);
            events_.run();  // its handler names what is gone when this returns
            throw std::runtime_error{"cannot " + std::string{what} + ' ' + name_ + ": " +
                                     result.message()};
        }
        return moved;
    }

    std::string name_;
    std::chrono::milliseconds limit_;
    asio::io_context events_{1};
    tcp::socket socket_{events_};
    std::vector<char> buffer_ = std::vector<char>(64 * 1024);
};

std::int64_t balance_of(account_number account, const reply& told) {
    const auto balance = balance_minor(told.body);
    if (told.status == 200 && balance)
        return *balance;
    throw std::runtime_error{"cannot read the balance of account " + std::to_string(account) +
                             ": status " + std::to_string(told.status) + ' ' +
                             std::string{error_type(told.body)}};
}

void read_batch(patient_connection& connection, std::span<const account_number> accounts,
                std::vector<std::int64_t>& into) {
    std::string unread;
    while (!accounts.empty()) {
        unread += connection.read();
        std::string_view bytes = unread;
        reply told;
        reading found = reading::partial;
        while (!accounts.empty() && (found = read_reply(bytes, told)) == reading::whole) {
            into.push_back(balance_of(accounts.front(), told));
            accounts = accounts.subspan(1);
        }
        if (found == reading::malformed)
            throw std::runtime_error{"the server's reply is not HTTP/1.1 with a Content-Length"};
        unread.erase(0, unread.size() - bytes.size());
    }
}

}  // namespace

tcp::endpoint find_server(const target& where, std::chrono::milliseconds limit) {
    asio::io_context events;
    tcp::resolver resolver{events};
    error_code error;
    const auto found = resolver.resolve(where.host, where.port, error);
    if (error)
        throw std::runtime_error{"cannot find " + where.host + ": " + error.message()};
    patient_connection connection{to_string(where), limit};
    connection.connect(found);
    return connection.peer();
}

std::vector<std::int64_t> read_balances(const tcp::endpoint& server, const target& where,
                                        const std::vector<account_number>& accounts,
                                        std::chrono::milliseconds limit) {
    constexpr std::size_t batch = 512;
    const request_writer writer{to_string(where)};
    patient_connection connection{to_string(where), limit};
    connection.connect(std::vector{server});
    std::vector<std::int64_t> balances;
    balances.reserve(accounts.size());
    for (std::span<const account_number> left{accounts}; !left.empty();) {
        const auto now = left.first(std::min(batch, left.size()));
        std::string bytes;
        for (const account_number account : now)
            writer.write({}, account, bytes);
        connection.write(bytes);
        read_batch(connection, now, balances);
        left = left.subspan(now.size());
    }
    return balances;
}

}  // namespace coffer::load
