#include "engine/account_openings.hpp"

namespace coffer {

std::array<posting, 10> sample_accounts() noexcept {
    std::array<posting, 10> sample{};
    for (account_number i = 1; i <= 9; ++i)
        sample[i - 1] = {10000 + i, 1, money::from_minor(static_cast<std::int64_t>(i) * 1000'00)};
    sample.back() = {100000, 1, money::from_minor(10'000'00)};
    return sample;
}

std::optional<std::string> refusal_of(account_number listed, errc error) {
    const std::string account = "account " + std::to_string(listed);
    switch (error) {
        case errc::ok:
            return std::nullopt;
        case errc::already_open:
            return account + " is listed twice";
        case errc::ledger_full:
            return "no room for " + account;
        default:
            return account + " cannot be opened";
    }
}

}  // namespace coffer
