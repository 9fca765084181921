#include "http/access_log.hpp"

#include <array>

#include "ops/log.hpp"

namespace coffer::http {

void log_access(const access_entry& one, std::chrono::nanoseconds took,
                std::string_view peer) noexcept {
    using milliseconds = std::chrono::duration<double, std::milli>;
    const std::array members{
        log::member{"id", one.id},
        log::member{"method", one.method},
        log::member{"path", one.path},
        log::member{"status", static_cast<std::uint64_t>(one.status)},
        log::member{"bytes", static_cast<std::uint64_t>(one.bytes)},
        log::member{"duration_ms", milliseconds{took}.count()},
        log::member{"token", one.who},
        log::member{"peer", peer},
    };
    log::event("request", members);
}

}  // namespace coffer::http
