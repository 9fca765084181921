// An account's booked balance as of a moment or a posting, as one JSON envelope.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <coffer/account_number.hpp>

#include "api/history_page.hpp"

namespace coffer::api {

/// Which posting's balance is shown.
struct moment {
    account_number account = 0;
    std::uint64_t sequence = 0;  ///< of the posting; 0: by the time
    std::uint64_t time_ns = 0;   ///< the last posting of this record time or before
    /// The account's last durable sequence, when this was asked for.
    std::uint64_t last_sequence = 0;
};

class past_balance final : public history_page {
public:
    explicit past_balance(const moment& wanted);

private:
    class job;

    explicit past_balance(std::shared_ptr<job> one);
    state write(std::string& text) override;

    std::shared_ptr<job> job_;
};

}  // namespace coffer::api
