#include "engine/opening.hpp"

#include <optional>
#include <string>

#include "snapshot/accounts_reader.hpp"

namespace coffer {
namespace {

std::optional<std::string> refusal(const posting& wanted, errc error) {
    const std::string account = "account " + std::to_string(wanted.account);
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

}  // namespace

std::unique_ptr<ledger> open_from_file(const std::filesystem::path& file) {
    auto made = std::make_unique<ledger>(
        ledger::options{.shards = 0, .expected_accounts = snapshot::count_accounts(file)});
    snapshot::read_accounts(file, [&books = *made](const posting& listed) {
        return refusal(listed, books.restore(listed).error);
    });
    return made;
}

std::unique_ptr<ledger> open_empty() {
    return std::make_unique<ledger>(ledger::options{});
}

std::unique_ptr<ledger> open_sample() {
    auto made = open_empty();
    const auto open = [&made](account_number number, std::int64_t balance_minor) {
        // Cannot fail: the numbers differ and the balances are above zero.
        static_cast<void>(made->restore({number, 1, money::from_minor(balance_minor)}));
    };
    for (account_number i = 1; i <= 9; ++i)
        open(10000 + i, static_cast<std::int64_t>(i) * 1000'00);
    open(100000, 10'000'00);
    return made;
}

}  // namespace coffer
