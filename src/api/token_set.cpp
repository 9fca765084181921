#include "api/token_set.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace coffer::api {
namespace {

token_hash sha256(const void* bytes, std::size_t size) {
    token_hash made;
    if (EVP_Digest(bytes, size, made.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error{"OpenSSL has no SHA-256"};
    return made;
}

}  // namespace

token_hash hash_of_token(std::string_view token) {
    return sha256(token.data(), token.size());
}

token_set::token_set(std::vector<known_token> tokens) : tokens_{std::move(tokens)} {
    if (RAND_bytes(secret_.data(), static_cast<int>(secret_.size())) != 1)
        throw std::runtime_error{"OpenSSL has no random bytes"};
    for (std::size_t i = 0; i != tokens_.size(); ++i)
        order_.push_back({key_of(tokens_[i].hash), i});
    std::ranges::sort(order_, {}, &keyed::key);
}

token_hash token_set::key_of(const token_hash& hash) const {
    std::array<unsigned char, 64> both;
    std::ranges::copy(hash, std::ranges::copy(secret_, both.begin()).out);
    return sha256(both.data(), both.size());
}

const known_token* token_set::find(std::string_view token) const {
    const token_hash hash = hash_of_token(token);
    const auto found = std::ranges::lower_bound(order_, key_of(hash), {}, &keyed::key);
    if (found == order_.end())
        return nullptr;
    const known_token& one = tokens_[found->index];
    return CRYPTO_memcmp(one.hash.data(), hash.data(), hash.size()) == 0 ? &one : nullptr;
}

void token_set::take_rates_of(const token_set& before) {
    std::unordered_map<std::string_view, const known_token*> by_name;
    for (const known_token& one : before.tokens_)
        by_name.emplace(one.who.name, &one);
    for (known_token& one : tokens_)
        if (const auto found = by_name.find(one.who.name); found != by_name.end())
            one.used = found->second->used;
}

void published_tokens::publish(token_set made) {
    const std::lock_guard lock{guard_};
    if (latest_ != nullptr)
        made.take_rates_of(*latest_);
    latest_ = std::make_shared<const token_set>(std::move(made));
    version_.fetch_add(1, std::memory_order_release);  // pairs with the load in version
}

std::shared_ptr<const token_set> published_tokens::latest() const {
    const std::lock_guard lock{guard_};
    return latest_;
}

}  // namespace coffer::api
