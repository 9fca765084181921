#include "engine/key_recovery.hpp"

#include <string_view>

#include "engine/request_key.hpp"

namespace coffer {

void key_recovery::add(const journal::record& one, const journal::batch_stamp& of) {
    if (of.running_ns != held_since_ns_)
        restore_held(of.running_ns);
    held_since_ns_ = of.running_ns;
    if (one.key.text.empty())
        return;
    hold(one.key.text, one);
    if (of.key_life_ns == 0)
        hold_as_read_today(one);
}

// The program that wrote format 1 took quotes off a field and kept the rest as it stood. The same
// field has another text today if there are escapes or parameters in it.
void key_recovery::hold_as_read_today(const journal::record& one) {
    const std::string field = one.key.text.starts_with('"') ? std::string{one.key.text}
                                                            : '"' + std::string{one.key.text} + '"';
    request_key_room room;
    const auto text = read_request_key(field, room);
    if (text && *text != one.key.text)
        hold(*text, one);
}

void key_recovery::hold(std::string_view text, const journal::record& one) {
    const errc error = one.kind == journal::record_kind::refusal ? one.error : errc::ok;
    held_.push_back({.text_at = texts_.size(),
                     .text_bytes = static_cast<std::uint8_t>(text.size()),
                     .fingerprint = one.key.fingerprint,
                     .outcome = {error, one.state.balance}});
    texts_ += text;
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
