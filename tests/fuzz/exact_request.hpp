// The request that some bytes begin with, read with none of the code that this is there to check:
// line by line, copying freely, to the letter of RFC 9112 and of what this server refuses beyond
// it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/limits.hpp"

namespace coffer::fuzz {

struct exact_request {
    enum class verdict {
        whole,
        partial,  ///< more bytes are to come; what is there may be wrong already
        refused,
    };
    verdict what = verdict::refused;
    std::size_t size = 0;  ///< of a whole one, in bytes; so are all that follow
    std::string method;
    std::string target;
    std::string content_type;       ///< empty if there is not exactly one
    bool encoded = false;           ///< its Content-Encoding is other than identity
    std::vector<std::string> keys;  ///< the values of all its Idempotency-Key fields
    std::string body;
    bool keep_alive = false;
};

[[nodiscard]] exact_request read_request(std::string_view bytes, const http::limits& allowed);

}  // namespace coffer::fuzz
