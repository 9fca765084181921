// Renders requests as the bytes of HTTP.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <coffer/account_number.hpp>

#include "load/operation.hpp"

namespace coffer::load {

/// Renders requests from prepared parts.
class request_writer {
public:
    /// `host` is the value of the Host field.
    explicit request_writer(std::string_view host);

    /// Appends a request for the account `number` to `out`.
    void write(const request&, account_number number, std::string& out) const;

private:
    struct parts {
        std::string before_account;
        std::string before_length;  ///< up to the body's length, or to the end if there is no body
    };
    std::array<parts, operation_count> parts_;
};

}  // namespace coffer::load
