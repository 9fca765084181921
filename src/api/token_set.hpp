// The tokens that a server knows, by their hashes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "api/principal.hpp"
#include "api/rate_limit.hpp"

namespace coffer::api {

using token_hash = std::array<unsigned char, 32>;  ///< SHA-256

/// Throws std::runtime_error if OpenSSL cannot make it.
[[nodiscard]] token_hash hash_of_token(std::string_view token);

/// A token without the token: whose it is, and its hash.
struct known_token {
    token_hash hash{};
    principal who;
    /// What its bearer has used of the rate. Shared by the sets that have its name.
    std::shared_ptr<rate_bucket> used = std::make_shared<rate_bucket>();
};

/// Constant once it is shared. Thread safety: find may be called from any thread at once.
class token_set {
public:
    token_set() = default;
    /// Throws std::exception.
    explicit token_set(std::vector<known_token> tokens);

    [[nodiscard]] std::size_t size() const noexcept { return tokens_.size(); }

    /// The token with this text; null if there is none. How long it takes says nothing of the
    /// hashes known: they are searched under a secret key, and the one found is compared in
    /// constant time. Throws std::runtime_error if OpenSSL fails.
    [[nodiscard]] const known_token* find(std::string_view token) const;

    /// Goes on with what the same names have used of their rates.
    void take_rates_of(const token_set& before);

private:
    struct keyed {
        token_hash key;  // of the hash, by the secret
        std::size_t index;
    };
    [[nodiscard]] token_hash key_of(const token_hash& hash) const;

    std::array<unsigned char, 32> secret_{};
    std::vector<known_token> tokens_;
    std::vector<keyed> order_;  // by key
};

/// Where the workers find the tokens of a server.
/// Thread safety: any thread may call any member. `version` is lock-free; the mutex is taken once
/// for each version by each worker.
class published_tokens {
public:
    void publish(token_set made);
    /// Rises with each set. 0: there are no tokens.
    [[nodiscard]] std::uint64_t version() const noexcept {
        return version_.load(std::memory_order_acquire);  // pairs with the store in publish
    }
    [[nodiscard]] std::shared_ptr<const token_set> latest() const;

private:
    mutable std::mutex guard_;
    std::shared_ptr<const token_set> latest_;
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace coffer::api
