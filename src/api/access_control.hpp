// Decides for a worker whether a request may be answered, by what its head has alone.
//
// In this order, of which the first that applies is the reply: 421 for a Host that is not the
// server's; 403 for a POST of another origin; 401 without a token, or with one that is unknown, or
// 429 where its peer has tried that more often than its rate; 429 beyond the rate of the token;
// 403 without the scope of the route; 403 for an account of the path that the token is not for.
// Everything else comes after that, also whether there is such a route.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <coffer/account_number.hpp>

#include "api/access_rules.hpp"
#include "api/principal.hpp"
#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/route.hpp"

namespace coffer::api {

/// Thread safety: none; each worker has one.
class access_control {
public:
    /// `shared` must outlive it.
    explicit access_control(access_rules& shared) noexcept : rules_{shared} {}
    access_control(const access_control&) = delete;
    access_control& operator=(const access_control&) = delete;
    ~access_control() { forget_tokens(); }

    /// Why this request is refused; none if it is not. `chosen` is null if the request has no
    /// route, `account` is 0 if the route has none. Sets `who`, which stays valid until the next
    /// call. Throws std::bad_alloc, std::runtime_error.
    [[nodiscard]] problem decide(const request& asked, const route* chosen, account_number account,
                                 const principal*& who);

private:
    /// A token that was found before, so that its hash need not be made again.
    struct recent_token {
        std::string text;
        const known_token* found = nullptr;
    };
    static constexpr std::size_t most_recent = 256;

    [[nodiscard]] bool is_known_host(const request& asked);
    [[nodiscard]] bool is_foreign_origin(const request& asked) const noexcept;
    [[nodiscard]] bool is_within_rate(const request& asked, rate_bucket* used);
    [[nodiscard]] problem decide_by_token(const request& asked, const route* chosen,
                                          account_number account, const principal*& who);
    [[nodiscard]] const known_token* find(std::string_view authorization);
    void take_latest_tokens();
    void forget_tokens() noexcept;

    access_rules& rules_;
    std::string last_host_;  // the last one that was known
    std::uint64_t version_ = 0;
    std::shared_ptr<const token_set> tokens_;  // null: there are none
    std::vector<recent_token> recent_;         // by the hash of the text
};

}  // namespace coffer::api
