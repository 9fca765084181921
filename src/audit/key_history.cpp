#include "audit/key_history.hpp"

// Compiled in here, so that nothing is to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coffer::audit {

std::optional<key_history::repeated_key> key_history::add(std::string_view key,
                                                          std::uint64_t record,
                                                          const journal::batch_stamp& of) {
    forget(of);
    const XXH128_hash_t hashed = XXH3_128bits(key.data(), key.size());
    const hash id{hashed.low64, hashed.high64};
    const use now{record, of.running_ns};
    ages_.push_back({id, of.running_ns});
    const auto [found, is_new] = keys_.try_emplace(id, now);
    if (is_new)
        return std::nullopt;
    const use before = found->second;
    found->second = now;
    const std::uint64_t after_ns = of.running_ns - before.running_ns;
    return after_ns < of.key_life_ns ? std::optional{repeated_key{before.record, after_ns}}
                                     : std::nullopt;
}

/// Forgets the keys whose life is over.
void key_history::forget(const journal::batch_stamp& now) {
    const auto is_over = [&now](std::uint64_t running_ns) {
        return now.key_life_ns != 0 && now.running_ns - running_ns >= now.key_life_ns;
    };
    for (; !ages_.empty() && is_over(ages_.front().running_ns); ages_.pop_front()) {
        const auto found = keys_.find(ages_.front().key);
        // Not one that was used again since.
        if (found != keys_.end() && found->second.running_ns == ages_.front().running_ns)
            keys_.erase(found);
    }
}

}  // namespace coffer::audit
