// An engine for tests whose journal becomes durable when the test says so.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "engine/engine.hpp"
#include "engine/held_log.hpp"
#include "engine/initial_accounts.hpp"

namespace coffer::test {

inline constexpr money one_cent = money::from_minor(1);

/// Two tellers of a ledger that is durable when the gate is opened.
class engine_behind_a_gate {
public:
    explicit engine_behind_a_gate(std::chrono::milliseconds disk_timeout = std::chrono::seconds{5},
                                  const coffer::engine::options& chosen = {.tellers = 2,
                                                                           .keys = {}})
        : engine_{chosen} {
        auto made = log_behind(held_);
        log_ = made.get();
        coffer::engine::journal_options opened;
        opened.disk_timeout = disk_timeout;
        engine_.open(initial_accounts::sample().open_in_memory(), std::move(made),
                     std::move(opened));
    }
    ~engine_behind_a_gate() { held_.open(); }

    /// One operation in a turn of its own; what it is to wait for is in `due`.
    template <class Ask>
    auto ask(std::size_t index, const Ask& what) {
        teller& one = teller_at(index);
        teller::turn turn{one};
        const auto answer = what(one);
        turn.end();
        one.announce();
        due = one.due();
        return answer;
    }
    posting_result deposit(std::size_t index, std::string_view key = {}) {
        return ask(index, [key](teller& one) { return one.deposit(10001, one_cent, key); });
    }
    posting_result withdraw_too_much(std::size_t index, std::string_view key = {}) {
        return ask(index, [key](teller& one) {
            return one.withdraw(10001, money::from_minor(100'000'000), key);
        });
    }
    posting_result balance(std::size_t index, account_number account = 10001) {
        return ask(index, [account](teller& one) { return one.balance(account); });
    }
    /// The same with the first teller, and waits until the result may be sent.
    template <class Ask>
    auto ask_and_wait(const Ask& what) {
        const auto answer = ask(0, what);
        wait_until_durable(0, due);
        teller_at(0).note_durable_keys();
        return answer;
    }
    /// Waits as long as it takes.
    void wait_until_durable(std::size_t index, teller::ticket ticket) {
        while (!teller_at(index).is_durable(ticket))
            std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
    /// Ends the journal; then what it has may be read.
    memory_log& ended() {
        held_.open();
        if (!engine_.close())
            throw std::logic_error{"the journal failed"};
        return *log_;
    }

    teller& teller_at(std::size_t index) { return engine_.teller_at(index); }
    coffer::engine& engine() { return engine_; }
    gate& held() { return held_; }
    memory_log& log() { return *log_; }

    teller::ticket due = 0;

private:
    gate held_;
    coffer::engine engine_;
    memory_log* log_;
};

}  // namespace coffer::test
