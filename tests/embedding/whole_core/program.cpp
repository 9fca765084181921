// All of the core's public interface in one program, which fails with the line that went wrong. It
// has no warnings, whatever is asked for, and needs neither exceptions nor RTTI. Its words are none
// of macros.txt: it is compiled beside those, too. Given an argument, it asks for more memory than
// there is.
#include <coffer/ledger.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace {

constexpr coffer::account_number alice = 10001;
constexpr coffer::account_number bob = 10002;

constexpr coffer::money cents(std::int64_t units) {
    return coffer::money::from_minor(units);
}

/// The line that went wrong; 0: none did.
std::atomic<int> wrong{0};

template <class Result>
void expect_on(const Result& holds, int where_it_is) {
    int still_none = 0;
    if (!holds)
        wrong.compare_exchange_strong(still_none, where_it_is);
}
#define EXPECT(...) expect_on((__VA_ARGS__), __LINE__)

void money_is_exact() {
    const auto parsed = coffer::money::parse("1234.5");
    EXPECT(parsed);
    EXPECT((parsed.value.minor)() == 123450);
    EXPECT(to_string(parsed.value) == "1234.5");
    EXPECT(coffer::money::parse("1.005").error == coffer::money_error::too_many_decimals);
    EXPECT(coffer::money::parse("1e17").error == coffer::money_error::out_of_range);
    EXPECT(coffer::money::parse("").error == coffer::money_error::not_a_number);
    EXPECT(cents(1) > coffer::money{} && cents(1) == cents(1) && cents(1) != cents(2));
    EXPECT(cents(1) <= cents(1) && cents(-1) < cents(0) && cents(2) >= cents(1));
    std::array<char, coffer::money_max_chars> room_for_one{};
    const auto written = coffer::to_chars(room_for_one.data(), room_for_one.data() + 3, cents(-5));
    EXPECT(written.ec == std::errc::value_too_large);
    EXPECT(coffer::parse_account_number("10001") == alice);
    EXPECT(!coffer::parse_account_number("010001"));
}

void each_operation_does_what_it_says(coffer::ledger& ledger) {
    EXPECT(ledger.open(alice, cents(100'000)));
    EXPECT(ledger.open(alice).error == coffer::errc::already_open);
    EXPECT(ledger.restore({bob, 7, cents(500)}));
    EXPECT(ledger.durable_sequence(bob) == 7);
    EXPECT(ledger.deposit(alice, cents(50)).posting.balance == cents(100'050));
    EXPECT(ledger.withdraw(bob, cents(501)).error == coffer::errc::insufficient_funds);
    EXPECT(ledger.withdraw(bob, cents(500)).posting.sequence == 8);
    EXPECT(ledger.balance(3).error == coffer::errc::no_such_account);
    const auto done = ledger.transfer(alice, bob, cents(50));
    EXPECT(done && done.from.balance == cents(100'000) && done.to.balance == cents(50));
    EXPECT(ledger.transfer(alice, alice, cents(1)).error == coffer::errc::same_account);
    (ledger.prefetch)(alice);
    ledger.note_durable(alice, 3);
    EXPECT(ledger.durable_sequence(alice) == 3 && (ledger.size)() == 2);
    const std::array<coffer::operation, 4> requests{
        {{coffer::operation_kind::balance, alice, {}},
         {coffer::operation_kind::deposit, bob, cents(2)},
         {coffer::operation_kind::withdraw, bob, cents(1)},
         {static_cast<coffer::operation_kind>(9), bob, cents(1)}}};
    std::array<coffer::outcome, 4> replies{};
    EXPECT(ledger.apply(requests, replies) == 3);
    EXPECT(replies[0].posting.balance == cents(100'000));
    EXPECT(replies[1].posting.balance == cents(52) && replies[2].posting.balance == cents(51));
}

void holds_and_transactions_do_what_they_say() {
    coffer::ledger ledger{{1, 0}};
    constexpr coffer::account_number carol = 10003;
    EXPECT(ledger.open(alice, cents(100)) && ledger.open(bob) && ledger.open(carol));
    EXPECT(ledger.highest_account() == carol);
    const std::array<coffer::leg, 3> three{
        {{carol, cents(1)}, {alice, cents(-3)}, {bob, cents(2)}}};
    const coffer::transaction_outcome paid = ledger.transact(three);
    EXPECT(paid && paid.postings[1].balance == cents(97));
    EXPECT(ledger.transact({}).error == coffer::errc::too_few_legs);
    const coffer::hold_outcome placed = ledger.place_hold(alice, cents(40), 5);
    EXPECT(placed && placed.posting.held == cents(40) && placed.posting.available() == cents(57));
    const coffer::hold_id id = placed.hold.id;
    EXPECT(ledger.capture(alice, id, {cents(10), false, bob}).payee.balance == cents(12));
    EXPECT(ledger.find_hold(alice, id).hold.remaining == cents(30));
    std::size_t met = 0;
    coffer::ledger::hold_place place{};
    EXPECT(ledger.scan_holds(place, 100, [&met](const coffer::hold&) { ++met; }));
    ledger.cut([](const coffer::account_view&) {}, [&met](const coffer::hold&) { ++met; });
    EXPECT(met == 2 && ledger.holds() == 1);
    EXPECT((ledger.release)(alice, id, coffer::hold_status::expired).posting.held == cents(0));
    EXPECT(ledger.forget_hold(alice, id) && ledger.holds() == 0);
    EXPECT(ledger.close(carol).error == coffer::errc::account_not_empty);
    EXPECT(ledger.withdraw(carol, cents(1)) && ledger.close(carol));
    EXPECT(ledger.deposit(carol, cents(1)).error == coffer::errc::account_closed);
    EXPECT(ledger.look(carol).account.sequence == 4);
    EXPECT(ledger.reopen(carol));
}

void cuts_are_exact_while_others_post(coffer::ledger& ledger) {
    std::array<std::thread, 2> others{};
    for (std::thread& other : others)
        other = std::thread{[&ledger] {
            for (int i = 0; i != 2'000; ++i) {
                EXPECT(ledger.transfer(alice, bob, cents(3)));
                EXPECT(ledger.transfer(bob, alice, cents(3)));
            }
        }};
    for (int i = 0; i != 5; ++i) {
        std::int64_t together = 0;
        const coffer::cut_summary picture = ledger.cut(
            [&together](const coffer::posting& each_one) {
                together += (each_one.balance.minor)();
            },
            coffer::cut_pace::gentle());
        EXPECT(together == 100'051 && picture.total_minor == 100'051 && picture.accounts == 2);
    }
    for (std::thread& other : others)
        other.join();
    EXPECT(ledger.balance(alice).posting.balance == cents(100'000));
}

int ask_for_too_much() {
    const coffer::ledger::options too_many{0, coffer::account_table::max_expected_accounts};
#if defined(__cpp_exceptions)
    try {
        const coffer::ledger ledger{too_many};
    } catch (const std::bad_alloc&) {
        return 0;
    }
#else
    const coffer::ledger ledger{too_many};
#endif
    return 1;
}

}  // namespace

int main(int argc, char**) {
    if (argc > 1)
        return ask_for_too_much();
    money_is_exact();
    coffer::ledger ledger{{2, 1000}};
    each_operation_does_what_it_says(ledger);
    holds_and_transactions_do_what_they_say();
    cuts_are_exact_while_others_post(ledger);
    return wrong.load() == 0 ? EXIT_SUCCESS : wrong.load() % 255 + 1;
}
