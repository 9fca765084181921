#include "engine/key_recovery.hpp"

namespace coffer {

void restore_key(key_store& into, const journal::record& one, std::uint64_t time_ns) {
    if (one.key.text.empty())
        return;
    const errc error = one.kind == journal::record_kind::refusal ? one.error : errc::ok;
    into.restore(one.key, {error, one.state.balance}, time_ns);
}

}  // namespace coffer
