#include "engine/opening.hpp"

#include "engine/account_openings.hpp"
#include "snapshot/accounts_reader.hpp"

namespace coffer {

std::unique_ptr<ledger> open_from_file(const std::filesystem::path& file) {
    auto made = std::make_unique<ledger>(
        ledger::options{.shards = 0, .expected_accounts = snapshot::count_accounts(file)});
    snapshot::read_accounts(file, [&ledger = *made](const posting& listed) {
        return refusal_of(listed.account, ledger.restore(listed).error);
    });
    return made;
}

std::unique_ptr<ledger> open_empty() {
    return std::make_unique<ledger>(ledger::options{});
}

std::unique_ptr<ledger> open_sample() {
    auto made = open_empty();
    for (const posting& one : sample_accounts())
        // Cannot fail: the numbers differ and the balances are above zero.
        static_cast<void>(made->restore(one));
    return made;
}

}  // namespace coffer
