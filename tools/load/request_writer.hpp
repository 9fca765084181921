// Renders requests as the bytes of HTTP.
#pragma once

#include <array>
#include <span>
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

    /// Appends a request to `out`. `accounts` are the run's, in which the request names places.
    void write(const request&, std::span<const account_number> accounts, std::string& out) const;

private:
    /// Parts up to the body's length, or to the end where there is no body.
    std::array<std::string, operation_count> behind_target_;
};

}  // namespace coffer::load
