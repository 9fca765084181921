#include "audit/key_history.hpp"

#include <algorithm>

// Compiled in: no library has to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coffer::audit {

std::optional<key_history::repeated_key> key_history::add(std::string_view key,
                                                          std::uint64_t record,
                                                          const journal::batch_stamp& of) {
    forget(of.running_ns);
    if (of.key_life_ns == 0)
        return std::nullopt;
    const XXH128_hash_t hashed = XXH3_128bits(key.data(), key.size());
    const hash id{hashed.low64, hashed.high64};
    const use now{record, of.running_ns, of.key_life_ns};
    ages_.push_back({id, record});
    const auto [found, is_new] = keys_.try_emplace(id, now);
    if (is_new)
        return std::nullopt;
    const use before = found->second;
    found->second = now;
    const std::uint64_t after_ns = of.running_ns - before.running_ns;
    return after_ns < std::min(before.life_ns, now.life_ns)
               ? std::optional{repeated_key{before.record, after_ns}}
               : std::nullopt;
}

/// Forgets expired keys, up to the first one that is alive.
void key_history::forget(std::uint64_t now_ns) {
    for (; !ages_.empty(); ages_.pop_front()) {
        const auto found = keys_.find(ages_.front().key);
        // A key that was used again has a later entry too.
        if (found == keys_.end() || found->second.record != ages_.front().record)
            continue;
        if (now_ns - found->second.running_ns < found->second.life_ns)
            return;
        keys_.erase(found);
    }
}

}  // namespace coffer::audit
