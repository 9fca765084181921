// What a request is for by its target, found out with none of the code that this is there to check
// (RFC 9112, section 3.2; RFC 3986).
#pragma once

#include <string>
#include <string_view>

namespace coffer::fuzz {

struct exact_target {
    enum class kind {
        malformed,
        asterisk,
        nowhere,  ///< a path that the server does not have
        page,     ///< of the server itself
        route,
    };
    kind what = kind::malformed;
    std::string name;  ///< of a route: balance, deposit or withdraw; of a page: readyz or metrics
    std::string account;  ///< of a route: what stands for the account, decoded
};

[[nodiscard]] exact_target read_target(std::string_view target);

[[nodiscard]] bool is_account_number(std::string_view text);

/// Whether `text` is a name or an address, perhaps with a port; or without a name, if that may be.
[[nodiscard]] bool is_authority(std::string_view text, bool may_be_nameless);

}  // namespace coffer::fuzz
