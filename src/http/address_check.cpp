#include "http/address_check.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <filesystem>
#include <new>

#include "http/socket_file.hpp"

namespace coffer::http {
namespace {

namespace asio = boost::asio;

// As a listener binds it. Without listening: no client could be lost.
void bind_for_a_moment(const listen_address& where) {
    asio::io_context events;
    const asio::ip::tcp::endpoint endpoint{asio::ip::make_address(where.host), where.port};
    asio::ip::tcp::acceptor one{events, endpoint.protocol()};
    one.set_option(asio::socket_base::reuse_address{true});
    one.bind(endpoint);
}

void require_writable_parent(const std::filesystem::path& file) {
    const std::filesystem::path parent =
        file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
    if (::faccessat(AT_FDCWD, parent.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
        throw std::system_error{errno, std::generic_category()};
}

}  // namespace

std::error_code why_not_listen(const listen_address& where) noexcept {
    try {
        if (where.is_unix()) {
            socket_file::require_free(where.host);
            require_writable_parent(where.host);
        } else {
            bind_for_a_moment(where);
        }
        return {};
    } catch (const boost::system::system_error& failure) {
        return failure.code();
    } catch (const std::system_error& failure) {
        return failure.code();
    } catch (const std::bad_alloc&) {
        return std::make_error_code(std::errc::not_enough_memory);
    }
}

bool is_same_place(const listen_address& one, const listen_address& other) noexcept {
    if (one.is_unix() || other.is_unix())
        return one.is_unix() && other.is_unix() && one.host == other.host;
    if (one.port != other.port || one.port == 0)
        return false;
    boost::system::error_code error;
    const asio::ip::address first = asio::ip::make_address(one.host.c_str(), error);
    const asio::ip::address second = asio::ip::make_address(other.host.c_str(), error);
    // A socket at [::] takes IPv4 too.
    const auto takes = [](const asio::ip::address& all, const asio::ip::address& it) {
        return all.is_unspecified() && (all.is_v6() || it.is_v4());
    };
    return first == second || takes(first, second) || takes(second, first);
}

}  // namespace coffer::http
