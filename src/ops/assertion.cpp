#include "ops/assertion.hpp"

#include <cstdlib>
#include <string_view>

#include "ops/log.hpp"

namespace coffer::detail {

void end_by_invariant(const char* reason, const char* file, unsigned line) noexcept {
    const std::string_view path{file};
    const std::string_view name = path.substr(path.rfind('/') + 1);
    log::error("a broken invariant ends the process, nothing more is acknowledged: {} ({}:{})",
               reason, name, line);
    log::flush();
    std::abort();
}

}  // namespace coffer::detail
