// The TLS settings of the client of the store.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "replication/replication_options.hpp"

namespace coffer::replication {

/// TLS 1.2 and 1.3; the server has to have a certificate of one of the authorities. Throws
/// std::runtime_error with a readable reason, which names the file, if one cannot be used.
[[nodiscard]] boost::asio::ssl::context make_store_tls(const store_access& access);

}  // namespace coffer::replication
