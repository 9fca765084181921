#include "audit/key_history.hpp"

#include <algorithm>

// Compiled in: no library has to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coffer::audit {

key_history::hash key_history::hash_of(std::string_view key, std::string_view actor) noexcept {
    const XXH64_hash_t seed = actor.empty() ? 0 : XXH3_64bits(actor.data(), actor.size());
    const XXH128_hash_t hashed = XXH3_128bits_withSeed(key.data(), key.size(), seed);
    return {hashed.low64, hashed.high64};
}

std::optional<key_history::repeated_key> key_history::add(std::string_view key,
                                                          std::string_view actor,
                                                          std::uint64_t record,
                                                          const journal::batch_stamp& of) {
    forget(of.running_ns);
    if (of.key_life_ns == 0)
        return std::nullopt;
    const hash id = hash_of(key, actor);
    const use now{record, of.running_ns, of.key_life_ns};
    auto repeated = find(id, now);
    if (!repeated && !actor.empty())
        repeated = find(hash_of(key, {}), now);
    ages_.push_back({id, record});
    keys_.insert_or_assign(id, now);
    return repeated;
}

/// Finds an earlier use of a key that was alive when it was used again.
std::optional<key_history::repeated_key> key_history::find(const hash& key, const use& now) const {
    const auto found = keys_.find(key);
    if (found == keys_.end())
        return std::nullopt;
    const use& before = found->second;
    const std::uint64_t after_ns = now.running_ns - before.running_ns;
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
