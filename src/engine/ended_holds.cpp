#include "engine/ended_holds.hpp"

#include <new>

namespace coffer {

void ended_holds::add(const ended_hold& one, std::uint64_t running_ns) noexcept {
    const std::lock_guard lock{guard_};
    try {
        oldest_first_.push_back({one, running_ns});
    } catch (const std::bad_alloc&) {
        return;
    }
}

std::optional<ended_holds::ended_hold> ended_holds::due(std::uint64_t running_ns,
                                                        std::uint64_t life_ns) const noexcept {
    const std::lock_guard lock{guard_};
    if (oldest_first_.empty())
        return std::nullopt;
    const entry& oldest = oldest_first_.front();
    if (oldest_first_.size() <= most_ && running_ns < oldest.running_ns + life_ns)
        return std::nullopt;
    return oldest.hold;
}

void ended_holds::remove_oldest() noexcept {
    const std::lock_guard lock{guard_};
    oldest_first_.pop_front();
}

std::size_t ended_holds::size() const noexcept {
    const std::lock_guard lock{guard_};
    return oldest_first_.size();
}

}  // namespace coffer
