#include "engine/initial_accounts.hpp"

#include <array>
#include <system_error>
#include <utility>

#include "snapshot/accounts_reader.hpp"

namespace coffer {
namespace {

constexpr std::size_t sample_size = 10;

std::array<posting, sample_size> sample_accounts() noexcept {
    std::array<posting, sample_size> all{};
    for (account_number i = 1; i != sample_size; ++i)
        all[i - 1] = {10000 + i, 1, money::from_minor(static_cast<std::int64_t>(i) * 1000'00)};
    all.back() = {100000, 1, money::from_minor(10'000'00)};
    return all;
}

}  // namespace

initial_accounts initial_accounts::named(std::string_view option) {
    if (option.empty())
        return sample();
    return option == "none" ? none() : from_file(std::filesystem::path{option});
}

std::string initial_accounts::origin() const {
    switch (kind_) {
        case kind::sample:
            return "the sample accounts";
        case kind::none:
            return "none asked for";
        case kind::file:
            break;
    }
    return "from " + file_.string();
}

std::size_t initial_accounts::expected() const {
    return kind_ == kind::file ? snapshot::count_accounts(file_) : 0;
}

void initial_accounts::visit(const std::function<refusal(const posting& listed)>& open) const {
    if (kind_ == kind::file)
        // Of a snapshot the balances are taken over, and not its holds, so that nothing is held.
        snapshot::read_accounts(file_, [&open](const account_view& listed) {
            return open({listed.account, listed.sequence, listed.balance});
        });
    if (kind_ == kind::sample)
        for (const posting& one : sample_accounts())
            // Never refused: the numbers differ and the balances are above zero.
            static_cast<void>(open(one));
}

void initial_accounts::check() const {
    std::error_code ignored;  // visit finds it out
    if (kind_ == kind::file && std::filesystem::is_regular_file(file_, ignored))
        visit([](const posting&) { return refusal{}; });
}

std::unique_ptr<ledger> initial_accounts::open_in_memory() const {
    auto made =
        std::make_unique<ledger>(ledger::options{.shards = 0, .expected_accounts = expected()});
    visit([&into = *made](const posting& listed) {
        return refusal_of(listed.account, into.restore(listed).error);
    });
    return made;
}

initial_accounts::refusal initial_accounts::refusal_of(account_number listed, errc error) {
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
