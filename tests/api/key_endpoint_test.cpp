// Which outcomes of keys a token is shown.
#include "api/key_endpoint.hpp"

#include <array>
#include <string>
#include <vector>

#include "api/event_bank.hpp"
#include "catch.hpp"
#include "engine/initial_accounts.hpp"

using coffer::engine;
using coffer::leg;
using coffer::money;
using coffer::teller;
using coffer::api::account_ranges;
using coffer::api::principal;
using state = coffer::api::body_stream::state;

namespace {

constexpr money one_cent = money::from_minor(1);
constexpr money too_much = money::from_minor(1'000'000'000);

const principal ann{.name = "ann", .accounts = account_ranges{{{1, 2}}}};
const principal bob{.name = "bob"};
const principal eve{.name = "eve", .accounts = account_ranges{{{3, 3}}}};

/// Accounts 1 to 3, and what was asked for with keys.
void post_all(teller& by) {
    const std::array legs{leg{1, money::from_minor(-1)}, leg{3, one_cent}};
    const teller::turn turn{by};
    for (coffer::account_number one = 1; one <= 3; ++one)
        static_cast<void>(by.open_account(one, money::from_minor(100), {}));
    const auto post_as = [&](std::string_view name, const std::string& suffix) {
        by.act_for(name);
        CHECK(by.deposit(1, one_cent, "deposit" + suffix).outcome);
        CHECK(by.deposit(3, one_cent, "of 3" + suffix).outcome);
        CHECK(by.transfer(1, 3, one_cent, "transfer" + suffix).is_done());
        CHECK(by.transact(legs, "legs" + suffix).is_done());
        CHECK_FALSE(by.withdraw(3, too_much, "short" + suffix).outcome);
        CHECK_FALSE(by.transfer(3, 1, too_much, "short of 3" + suffix).is_done());
        by.act_for({});
    };
    post_as("ann", "");
    post_as("", " by nobody");
}

/// A ledger with a journal, or in memory only.
class bank {
public:
    explicit bank(bool has_journal) : has_journal_{has_journal} {
        if (!has_journal)
            in_memory_.open(std::make_unique<coffer::ledger>());
        post_all(at());
        if (has_journal) {
            at().announce();
            REQUIRE(durable_.engine.journal()->barrier());
            at().note_durable_keys();
        }
    }

    /// The status, and 0 for the refusal that nothing is known of the key.
    int shown_to(const principal* who, const std::string& key) {
        coffer::api::request asked{coffer::api::method::get, {}, {}, {}};
        coffer::api::call call{.request = asked};
        std::string encoded;
        for (const char c : key)
            encoded += c == ' ' ? std::string{"%20"} : std::string{c};
        call.parameters[0] = encoded;
        call.who = who;
        coffer::api::reply& reply = durable_.reply;
        {
            const teller::turn turn{at()};
            at().act_for(who == nullptr ? std::string_view{} : std::string_view{who->name});
            coffer::api::show_key(at(), call, reply);
            at().act_for({});
        }
        const auto stream = reply.take_stream();
        if (stream == nullptr)
            return reply.status();
        std::string body;
        state now = state::waiting;
        while ((now = durable_.pull(*stream, body)) != state::done && now != state::failed)
            ;
        if (now == state::failed)
            CHECK(stream->failure() == coffer::api::problem::idempotency_key_unknown);
        return now == state::failed ? 404 : 200;
    }

private:
    teller& at() { return (has_journal_ ? durable_.engine : in_memory_).teller_at(0); }

    const bool has_journal_;
    coffer::test::event_bank durable_;
    engine in_memory_{engine::options{}};
};

}  // namespace

TEST_CASE("show_key: shows a name its own keys, of accounts that it may use", "[api]") {
    bank one{GENERATE(true, false)};
    for (const std::string key : {"deposit", "transfer", "legs"})
        CHECK(one.shown_to(&ann, key) == 200);
    // Its range was another then.
    for (const std::string key : {"of 3", "short", "short of 3"})
        CHECK(one.shown_to(&ann, key) == 404);
    for (const std::string key : {"deposit", "of 3", "transfer", "legs", "short", "short of 3"}) {
        CHECK(one.shown_to(&bob, key) == 404);
        CHECK(one.shown_to(nullptr, key) == 404);
    }
}

TEST_CASE("show_key: shows a key of no name to those that may use all its accounts", "[api]") {
    bank one{GENERATE(true, false)};
    const auto shown = [&one](const principal* who) {
        std::string found;
        for (const std::string key : {"deposit", "of 3", "transfer", "legs", "short", "short of 3"})
            found += one.shown_to(who, key + " by nobody") == 200 ? 'y' : 'n';
        return found;
    };
    CHECK(shown(nullptr) == "yyyyyy");
    CHECK(shown(&bob) == "yyyyyy");
    CHECK(shown(&ann) == "ynnnnn");
    CHECK(shown(&eve) == "nynnyy");
}
