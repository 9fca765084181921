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

std::size_t ledger_bytes_in_second() {
    return sizeof(coffer::ledger);
}

// Uses what first.cpp uses, so that whatever is not inline is defined twice.
coffer::money withdraw_in_second(coffer::ledger& ledger, coffer::account_number from) {
    static_cast<void>(coffer::parse_account_number("10001"));
    static_cast<void>(ledger.open(from));
    static_cast<void>(ledger.transfer(from, from, coffer::money::parse("1").value));
    static_cast<void>(ledger.cut([](const coffer::posting&) {}));
    const coffer::outcome paid = ledger.withdraw(from, coffer::money::from_minor(50));
    return to_string(paid.posting.balance) == "1.5" ? paid.posting.balance : coffer::money{};
}
