// With second.cpp: two translation units that both use all of the core must link, and agree on it.
#include <coffer/ledger.hpp>

#include <coffer/account.hpp>
#include <coffer/account_number.hpp>
#include <coffer/account_table.hpp>
#include <coffer/cut.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>
#include <coffer/transaction.hpp>

std::size_t ledger_bytes_in_second();
coffer::money withdraw_in_second(coffer::ledger& ledger, coffer::account_number from);

int main() {
    coffer::ledger ledger;
    const auto number = coffer::parse_account_number("10001");
    if (!number || !ledger.open(*number, coffer::money::from_minor(300)) || !ledger.open(2))
        return 1;
    if (!ledger.transfer(*number, 2, coffer::money::from_minor(100)))
        return 2;
    const coffer::money left = withdraw_in_second(ledger, *number);
    if (left != coffer::money::from_minor(150) || left != ledger.balance(*number).posting.balance)
        return 3;
    const coffer::cut_summary cut = ledger.cut([](const coffer::posting&) {});
    if (cut.accounts != 2 || cut.total_minor != 250)
        return 4;
    return ledger_bytes_in_second() == sizeof(coffer::ledger) ? 0 : 5;
}
