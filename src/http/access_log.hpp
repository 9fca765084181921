// The access log: a line a request, or every so many, in the log.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace coffer::http {

/// What a line has that is known when the reply is made. Nothing secret: the path is the route's,
/// without its parameters and the query, since a key or a token may stand there.
struct access_entry {
    std::string id;
    std::string_view method;  ///< of static storage, as is the path
    std::string_view path;    ///< as in /accounts/{account}; "other" where there is no route
    std::string who;          ///< the token's name; empty for none
    int status = 0;
    std::size_t bytes = 0;  ///< of the reply, with its head; of a stream the first piece
};

/// Never waits: see ops/log.hpp.
void log_access(const access_entry& one, std::chrono::nanoseconds took,
                std::string_view peer) noexcept;

}  // namespace coffer::http
