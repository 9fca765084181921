#include "engine/key_owners.hpp"

#include <mutex>
#include <new>

namespace coffer {

std::optional<key_owners::number> key_owners::number_of(std::string_view name) noexcept {
    if (name.empty())
        return nobody;
    {
        const std::shared_lock lock{guard_};
        if (const auto found = numbers_.find(name); found != numbers_.end())
            return found->second;
    }
    try {
        const std::unique_lock lock{guard_};
        if (const auto found = numbers_.find(name); found != numbers_.end())
            return found->second;
        if (numbers_.size() == max_number)
            return std::nullopt;
        return add(name);
    } catch (const std::bad_alloc&) {
        return std::nullopt;
    }
}

key_owners::number key_owners::add(std::string_view name) {
    const auto next = static_cast<number>(numbers_.size() + 1);
    auto& block = blocks_[next / counters_a_block];
    if (block == nullptr)
        block = std::make_unique<counter[]>(counters_a_block);
    numbers_.emplace(name, next);
    return next;
}

}  // namespace coffer
