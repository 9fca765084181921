#include "http/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace coffer::http {
namespace {

namespace asio = boost::asio;
using asio::generic::stream_protocol;
using asio::ip::tcp;
using boost::system::error_code;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

tcp::endpoint tcp_endpoint_of(const stream_protocol::endpoint& generic) {
    tcp::endpoint found;
    std::memcpy(found.data(), generic.data(), generic.size());
    found.resize(generic.size());
    return found;
}

/// Calls `listens`, and throws std::runtime_error for people if it throws.
template <class Function>
void listen_at(const listen_address& where, const Function& listens) {
    const auto fail = [&where](const std::string& why) {
        throw std::runtime_error{"cannot listen on " + to_string(where) + ": " + why};
    };
    try {
        listens();
    } catch (const boost::system::system_error& failure) {
        fail(failure.code().message());
    } catch (const std::system_error& failure) {
        fail(failure.code().message());
    }
}

}  // namespace

listener::listener(asio::io_context& events, const listen_address& where,
                   const api::listener_facts& facts)
    : acceptor_{events}, where_{where}, facts_{facts} {
    listen_at(where_, [this] { where_.is_unix() ? listen_on_path() : listen_on_tcp(false); });
}

// The first worker binds the address exclusively, which fails if another process listens there.
// With a shared address from the start, another process of the same user, with a ledger of its own,
// could receive a part of the connections.
listener::listener(asio::io_context& events, listener& first)
    : acceptor_{events}, where_{first.where_}, facts_{first.facts_} {
    listen_at(where_, [this, &first] {
        if (!where_.is_unix()) {
            first.acceptor_.set_option(reuse_port{true});
            return listen_on_tcp(true);
        }
        const int same = ::fcntl(first.acceptor_.native_handle(), F_DUPFD_CLOEXEC, 0);
        if (same < 0)
            throw std::system_error{errno, std::generic_category()};
        acceptor_.assign(asio::local::stream_protocol{}, same);
        begin();
    });
}

void listener::listen_on_tcp(bool shared) {
    const tcp::endpoint endpoint{asio::ip::make_address(where_.host), where_.port};
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address{true});
    if (shared)
        acceptor_.set_option(reuse_port{true});
    acceptor_.bind(endpoint);
    acceptor_.listen(asio::socket_base::max_listen_connections);
    where_.port = tcp_endpoint_of(acceptor_.local_endpoint()).port();
    begin();
}

// Nobody else may connect before the file has its mode.
void listener::listen_on_path() {
    socket_file::clear_way(where_.host);
    acceptor_.open(asio::local::stream_protocol{});
    if (::fchmod(acceptor_.native_handle(), S_IRUSR | S_IWUSR) != 0)
        throw std::system_error{errno, std::generic_category()};
    acceptor_.bind(asio::local::stream_protocol::endpoint{where_.host});
    acceptor_.listen(asio::socket_base::max_listen_connections);
    file_.emplace(where_.host);
    begin();
}

// A client that is gone before it is accepted is an error, and not a reason to block.
void listener::begin() {
    acceptor_.non_blocking(true);
    acceptor_.set_option(asio::socket_base::enable_connection_aborted{true});
}

asio::ip::address listener::accept(stream_socket& into, error_code& error) {
    stream_protocol::endpoint from;
    acceptor_.accept(into, from, error);
    return error || where_.is_unix() ? asio::ip::address{} : tcp_endpoint_of(from).address();
}

void listener::close() noexcept {
    file_.reset();
    error_code ignored;
    acceptor_.close(ignored);
}

}  // namespace coffer::http
