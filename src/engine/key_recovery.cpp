#include "engine/key_recovery.hpp"

#include <string_view>

namespace coffer {

void key_recovery::add(const journal::record& one, const journal::batch_stamp& of) {
    if (of.running_ns != held_since_ns_)
        restore_held(of.running_ns);
    held_since_ns_ = of.running_ns;
    if (one.key.text.empty())
        return;
    const errc error = one.kind == journal::record_kind::refusal ? one.error : errc::ok;
    held_.push_back({.text_at = texts_.size(),
                     .text_bytes = static_cast<std::uint8_t>(one.key.text.size()),
                     .fingerprint = one.key.fingerprint,
                     .outcome = {error, one.state.balance}});
    texts_ += one.key.text;
}

void key_recovery::restore_held(std::uint64_t durable_ns) {
    for (const held_key& one : held_) {
        const auto text = std::string_view{texts_}.substr(one.text_at, one.text_bytes);
        store_.restore({text, one.fingerprint}, one.outcome, held_since_ns_, durable_ns);
    }
    held_.clear();
    texts_.clear();
}

}  // namespace coffer
