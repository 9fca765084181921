// A first program with Coffer's core: copy it and go on from here. It prints what example.txt says.
#include <coffer/ledger.hpp>

#include <array>
#include <cstdint>
#include <iostream>
#include <thread>

using coffer::money;

namespace {

constexpr coffer::account_number alice = 10001;
constexpr coffer::account_number bob = 10002;
constexpr coffer::account_number carol = 10003;

void print(const char* what, const coffer::posting& posting) {
    std::cout << what << ": account " << posting.account << " has " << to_string(posting.balance)
              << " after posting " << posting.sequence << '\n';
}

}  // namespace

int main() {
    coffer::ledger ledger;

    // Money is counted in cents. An account's opening is its posting 1.
    if (!ledger.open(alice, money::from_minor(100'000)) || !ledger.open(bob) || !ledger.open(carol))
        return 1;

    // Each operation says what it posted...
    if (const coffer::outcome paid_in = ledger.deposit(alice, money::parse("250.50").value))
        print("deposit", paid_in.posting);
    if (const coffer::outcome paid_out = ledger.withdraw(alice, money::from_minor(5'050)))
        print("withdraw", paid_out.posting);

    // ... or why it did not, and then nothing has changed.
    const coffer::outcome refused = ledger.withdraw(bob, money::from_minor(1));
    if (refused.error == coffer::errc::insufficient_funds)
        print("refused", refused.posting);

    // A transfer changes both accounts as one.
    if (const auto moved = ledger.transfer(alice, bob, money::from_minor(20'000))) {
        print("transfer from", moved.from);
        print("transfer to", moved.to);
    }

    // A transaction changes up to eight: the amounts add up to zero.
    const std::array<coffer::leg, 3> legs{{{alice, money::from_minor(-300)},
                                           {bob, money::from_minor(200)},
                                           {carol, money::from_minor(100)}}};
    if (const coffer::transaction_outcome split = ledger.transact(legs))
        print("transaction", split.postings[2]);

    // A hold sets money aside, to be captured or released later. It stays booked until then.
    if (const coffer::hold_outcome held = ledger.place_hold(bob, money::from_minor(15'000))) {
        print("hold", held.posting);
        std::cout << "available: " << to_string(held.posting.available()) << '\n';
        const coffer::capture_request part{
            .amount = money::from_minor(12'000), .is_final = true, .payee = alice};
        if (const coffer::hold_outcome captured = ledger.capture(bob, held.hold.id, part))
            print("captured", captured.posting);
    }

    // Everything may be called from any thread at once, and nobody waits for a lock.
    std::thread other{[&ledger] {
        for (int i = 0; i != 1'000; ++i)
            static_cast<void>(ledger.transfer(alice, bob, money::from_minor(10)));
    }};

    // A cut is a picture of all accounts at one moment, whatever others do: its total is exact.
    const coffer::cut_summary during = ledger.cut([](const coffer::posting&) {});
    other.join();
    std::cout << "cut " << during.epoch << ": " << during.accounts << " accounts, "
              << to_string(money::from_minor(static_cast<std::int64_t>(during.total_minor)))
              << " in all\n";

    // Many operations at once are faster than one at a time.
    const std::array<coffer::operation, 3> wanted{{
        {coffer::operation_kind::balance, alice, {}},
        {coffer::operation_kind::withdraw, bob, money::from_minor(1)},
        {coffer::operation_kind::balance, 42, {}},
    }};
    std::array<coffer::outcome, 3> done{};
    ledger.apply(wanted, done);
    print("batch", done[0].posting);
    print("batch", done[1].posting);
    if (done[2].error == coffer::errc::no_such_account)
        std::cout << "batch: there is no account 42\n";
}
