// The engine: all that the API calls.
#pragma once

#include <coffer/ledger.hpp>

namespace coffer {

/// The ledger as the server uses it. Thread safety: everything but construction and destruction may
/// be called from any thread at once.
class engine {
public:
    explicit engine(ledger::options chosen) : ledger_{chosen} {}

    [[nodiscard]] outcome balance(account_number number) const noexcept {
        return ledger_.balance(number);
    }
    [[nodiscard]] outcome deposit(account_number number, money amount) noexcept {
        return ledger_.deposit(number, amount);
    }
    [[nodiscard]] outcome withdraw(account_number number, money amount) noexcept {
        return ledger_.withdraw(number, amount);
    }

    [[nodiscard]] ledger& books() noexcept { return ledger_; }
    [[nodiscard]] const ledger& books() const noexcept { return ledger_; }

private:
    ledger ledger_;
};

}  // namespace coffer
