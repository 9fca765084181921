#include "audit/continuous_audit.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "catch.hpp"
#include "engine/data_directory.hpp"
#include "engine/durable_ledger.hpp"
#include "engine/engine.hpp"
#include "engine/hold_clerk.hpp"
#include "journal/interruption.hpp"
#include "journal/journal_error.hpp"
#include "planted_data.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace coffer;
using coffer::audit::continuous_audit;
using coffer::test::captured_log;
using coffer::test::Contains;
using verdict = continuous_audit::verdict;

namespace {

constexpr std::size_t tellers = 1;
constexpr money cent = money::from_minor(1);

/// The log of an engine, on a disk that can fail and hang.
class weak_source final : public journal::batch_source {
public:
    explicit weak_source(engine& of) : of_{of} {}

    std::atomic<bool> fails{false};
    std::atomic<bool> hangs{false};
    std::atomic<bool> is_slow{false};  // and may be ended

    [[nodiscard]] ledger_id ledger() const override { return of_.log()->ledger(); }
    [[nodiscard]] std::string name() const override { return of_.log()->name(); }
    [[nodiscard]] std::uint64_t first_record() const override { return of_.log()->first_record(); }
    [[nodiscard]] std::uint64_t first_record_as_of(std::uint64_t running_ns) const override {
        return of_.log()->first_record_as_of(running_ns);
    }
    [[nodiscard]] std::uint64_t running_ns_reached() const override {
        return of_.log()->running_ns_reached();
    }
    [[nodiscard]] std::uint64_t bytes_from(std::uint64_t record) const override {
        return of_.log()->bytes_from(record);
    }
    [[nodiscard]] std::unique_ptr<journal::batch_cursor> read_from(
        std::uint64_t record) const override {
        return std::make_unique<cursor>(*this, of_.log()->read_from(record));
    }

private:
    class cursor final : public journal::batch_cursor {
    public:
        cursor(const weak_source& of, std::unique_ptr<batch_cursor> inner)
            : of_{of}, inner_{std::move(inner)} {}
        [[nodiscard]] std::optional<journal::batch_view> next() override {
            while (of_.hangs || of_.is_slow) {
                std::this_thread::sleep_for(1ms);
                if (!of_.hangs)
                    journal::interruption::check();
            }
            if (of_.fails)
                throw journal::journal_error{"a disk", "cannot be read"};
            return inner_->next();
        }
        [[nodiscard]] std::string where() const override { return inner_->where(); }
        [[nodiscard]] const journal::batch_position& position() const noexcept override {
            return inner_->position();
        }
        [[nodiscard]] const journal::batch_stamp& stamp() const noexcept override {
            return inner_->stamp();
        }
        [[nodiscard]] std::uint64_t bytes_passed() const override { return inner_->bytes_passed(); }

    private:
        const weak_source& of_;
        std::unique_ptr<batch_cursor> inner_;
    };
    engine& of_;
};

/// One life of a server on a data directory, without its front end.
class life {
public:
    struct options {
        std::optional<std::chrono::nanoseconds> retain{};
        std::size_t keep = 10;
        std::chrono::milliseconds patience = 60s;
    };
    explicit life(const std::filesystem::path& where) : life{where, options{}} {}
    life(const std::filesystem::path& where, options chosen)
        : directory_{where},
          store_{directory_.journal_store(std::uint64_t{4} << 20, tellers)},
          engine_{engine::options{.tellers = tellers}},
          kept_{engine_,
                *store_,
                directory_.snapshots(),
                {.checkpoints = {
                     .every = 5ms,
                     .keep = chosen.keep,
                     .retain = chosen.retain,
                     .follower = {[this](std::uint64_t record) { return limit_.cover(record); },
                                  [this] { limit_.end(); }}}}} {
        kept_.open([] {});
        audit_.emplace(continuous_audit::options{
                           .log = source_,
                           .snapshots = directory_.snapshots(),
                           .durable_record = [this] { return engine_.journal()->durable_record(); },
                           .time_ns = [this] { return engine_.clock().stamp().time_ns; },
                           .rest = 2ms,
                           .first_retry = 5ms,
                           .last_retry = 20ms,
                           .patience = chosen.patience,
                           .only_when_idle = false},
                       limit_, engine_.signs());
    }
    ~life() {
        if (audit_)
            REQUIRE(audit_->stop_by(std::chrono::steady_clock::now() + 60s));
        static_cast<void>(kept_.close_by(std::chrono::steady_clock::now() + 60s, 60s));
    }

    /// Calls `operation(teller)` in a turn of its own, and waits until it is durable.
    template <class Operation>
    auto make(const Operation& operation) {
        teller& one = engine_.teller_at(0);
        auto made = [&] {
            const teller::turn turn{one};
            return operation(one);
        }();
        one.announce();
        static_cast<void>(engine_.journal()->barrier());
        return made;
    }
    void deposit(account_number account) {
        REQUIRE(make([&](teller& one) { return one.deposit(account, cent, {}); }).outcome);
    }

    /// Waits until so many more snapshots were compared, with a posting before each, and with more
    /// postings where there is none to compare: an audit that begins again begins with the newest.
    /// They come less and less often, so that the audit, however slow, finds each before the next.
    void wait_for_comparisons(std::uint64_t more) {
        for (; more != 0; --more) {
            const std::uint64_t before = audit().comparisons();
            for (auto patience = 50ms; audit().comparisons() == before; patience *= 2) {
                deposit(10001);
                const auto until = std::chrono::steady_clock::now() + patience;
                while (audit().comparisons() == before && std::chrono::steady_clock::now() < until)
                    std::this_thread::sleep_for(1ms);
            }
        }
    }
    void wait_for(verdict expected) {
        while (audit().now() != expected)
            std::this_thread::sleep_for(1ms);
    }

    [[nodiscard]] continuous_audit& audit() { return *audit_; }
    [[nodiscard]] weak_source& source() { return source_; }
    [[nodiscard]] engine& of() { return engine_; }
    [[nodiscard]] health_check::finding check() {
        health_check::finding found;
        std::string names;
        engine_.signs().checks.visit([&](const health_check& one) {
            names += one.name;
            found = one.look();
        });
        REQUIRE_THAT(names, Contains("audit"));
        return found;
    }
    [[nodiscard]] std::string metrics() {
        std::string text;
        engine_.signs().metrics.visit([&](const metric_source& one) { one(text); });
        return text;
    }

private:
    data_directory directory_;
    std::unique_ptr<journal::log_store> store_;
    engine engine_;
    weak_source source_{engine_};
    audit::reading_limit limit_;
    durable_ledger kept_;
    std::optional<continuous_audit> audit_;
};

}  // namespace

TEST_CASE("continuous audit: finds a ledger as its journal has it", "[audit]") {
    const captured_log lines;
    const test::temporary_directory place;
    for (int start = 0; start != 3; ++start) {
        life one{place.path() / "data"};
        one.wait_for_comparisons(5);
        REQUIRE(one.audit().differences() == 0);
        REQUIRE(one.audit().now() == verdict::same);
        REQUIRE(one.check().is_well);
        REQUIRE(one.check().state == "ok");
    }
    REQUIRE_THAT(lines.text(), !Contains("differ"));
}

TEST_CASE("continuous audit: names an account that has a posting without a record", "[audit]") {
    captured_log lines;
    const test::temporary_directory place;
    {
        life one{place.path() / "data"};
        one.wait_for_comparisons(1);
        REQUIRE(one.of().ledger().deposit(10'007, money::from_minor(4'200)));
        one.deposit(10'001);
        one.wait_for(verdict::differs);
        REQUIRE_FALSE(one.check().is_well);
        REQUIRE(one.check().state == "differs");
        REQUIRE_THAT(one.metrics(), Contains("\ncoffer_audit_verdict{verdict=\"differs\"} 1\n"));
    }
    REQUIRE_THAT(lines.text(), Contains("audit: the ledger and its journal differ: "));
    REQUIRE_THAT(lines.text(),
                 Contains("account 10007: is listed with posting 2 with a balance of 7042.0"));
}

TEST_CASE("continuous audit: logs a bounded number of differences", "[audit]") {
    captured_log lines;
    const test::temporary_directory place;
    {
        life one{place.path() / "data"};
        for (account_number account = 20'000; account != 20'200; ++account)
            one.make([&](teller& at) { return at.open_account(account, cent, {}); });
        for (account_number account = 20'000; account != 20'200; ++account)
            REQUIRE(one.of().ledger().deposit(account, cent));
        one.wait_for_comparisons(20);
        REQUIRE(one.audit().differences() >= 200);
    }
    std::size_t count = 0;
    for (std::size_t at = 0; (at = lines.text().find("is listed with", at)) != std::string::npos;)
        ++count, ++at;
    REQUIRE(count <= 100);
    REQUIRE(count >= 10);
    REQUIRE_THAT(lines.text(), Contains("more differences"));
}

TEST_CASE("continuous audit: knows transactions, holds, closed accounts and expiries", "[audit]") {
    const captured_log lines;
    const test::temporary_directory place;
    for (int start = 0; start != 2; ++start) {
        life one{place.path() / "data"};
        hold_clerk clerk{one.of()};
        clerk.start();
        for (int round = 0; round != 5; ++round) {
            const auto hold = [&](account_number account,
                                  std::optional<std::chrono::nanoseconds> expires_in) {
                return one
                    .make([&](teller& at) {
                        return at.place_hold(account, money::from_minor(500), expires_in, {});
                    })
                    .hold.id;
            };
            static_cast<void>(hold(10'002, 1ms));
            const hold_id captured = hold(10'003, {});
            const hold_id released = hold(10'003, {});
            static_cast<void>(hold(10'004, {}));
            one.wait_for_comparisons(1);
            one.make([&](teller& at) {
                return at.capture_hold(10'003, captured,
                                       {.amount = money::from_minor(200), .payee = 10'005}, {});
            });
            one.make([&](teller& at) { return at.release_hold(10'003, released, {}); });
            one.make([&](teller& at) { return at.transfer(10'001, 10'006, cent, {}); });
            const account_number opened =
                one.make([](teller& at) { return at.open_account({}, {}, {}); }).account.account;
            one.wait_for_comparisons(1);
            one.make([&](teller& at) { return at.close_account(opened, {}); });
            one.wait_for_comparisons(2);
        }
        while (one.of().expired() == 0)
            std::this_thread::sleep_for(1ms);
        clerk.stop();
        REQUIRE(one.audit().differences() == 0);
    }
    INFO(lines.text());
    REQUIRE_THAT(lines.text(), !Contains("differ"));
}

TEST_CASE("continuous audit: begins again where its journal was trimmed", "[audit]") {
    const captured_log lines;
    const test::temporary_directory place;
    life one{place.path() / "data", {.retain = 0ns, .keep = 1}};
    for (int i = 0; i != 100'000 && one.of().log()->first_record() == 1; ++i)
        one.make([](teller& at) {
            for (int times = 0; times != 200; ++times)
                static_cast<void>(at.deposit(10'002, cent, {}));
            return true;
        });
    REQUIRE(one.of().log()->first_record() != 1);
    one.wait_for_comparisons(3);
    while (one.audit().now() != verdict::same)  // it may begin again at any time
        one.wait_for_comparisons(1);
    REQUIRE(one.audit().differences() == 0);
}

TEST_CASE("continuous audit: shows how far it has come", "[audit]") {
    const captured_log lines;
    const test::temporary_directory place;
    life one{place.path() / "data"};
    one.wait_for_comparisons(2);
    while (one.audit().lag_records() != 0)
        std::this_thread::sleep_for(1ms);
    REQUIRE(one.audit().lag() == 0ns);
    const std::string text = one.metrics();
    for (const char* const sample :
         {"\ncoffer_audit_verdict{verdict=\"same\"} 1\n", "\ncoffer_audit_differences 0\n",
          "\ncoffer_audit_lag_records 0\n", "\ncoffer_audit_accounts 10\n"})
        REQUIRE_THAT(text, Contains(sample));
}

TEST_CASE("continuous audit: what cannot be read is unknown, and no difference", "[audit]") {
    captured_log lines;
    const test::temporary_directory place;
    {
        life one{place.path() / "data"};
        one.wait_for_comparisons(2);
        one.source().fails = true;
        one.deposit(10'001);
        one.wait_for(verdict::unknown);
        REQUIRE(one.check().is_well);
        REQUIRE(one.check().state == "unknown");
        one.source().fails = false;
        one.wait_for_comparisons(1);
        REQUIRE(one.audit().differences() == 0);
        REQUIRE(one.audit().now() == verdict::same);
    }
    REQUIRE_THAT(lines.text(), Contains("audit: it cannot go on, and begins again later: a disk"));
}

TEST_CASE("continuous audit: a disk that hangs is unknown, and keeps nobody from ending",
          "[audit]") {
    const captured_log lines;
    const test::temporary_directory place;
    life one{place.path() / "data", {.patience = 50ms}};
    one.wait_for_comparisons(1);
    one.source().hangs = true;
    one.deposit(10'001);
    one.wait_for(verdict::unknown);
    one.deposit(10'001);
    REQUIRE_FALSE(one.audit().stop_by(std::chrono::steady_clock::now()));
    one.source().hangs = false;
}

TEST_CASE("continuous audit: a disk that is slow is not one that hangs", "[audit]") {
    const captured_log lines;
    const test::temporary_directory place;
    life one{place.path() / "data", {.patience = 50ms}};
    one.wait_for_comparisons(1);
    one.source().is_slow = true;
    one.source().hangs = true;
    one.deposit(10'001);
    one.wait_for(verdict::unknown);
    one.source().hangs = false;
    one.wait_for(verdict::same);
    REQUIRE(one.source().is_slow);
}

namespace {

/// An audit of a journal and snapshots that no server has written.
struct planted_audit {
    test::planted_data& data;
    vital_signs signs{};
    audit::reading_limit limit{};
    continuous_audit audit{{.log = data.log(),
                            .snapshots = data.path() / "snapshots",
                            .durable_record = [this] { return data.last_record(); },
                            .time_ns = [] { return std::uint64_t{0}; },
                            .rest = 1ms,
                            .first_retry = 1ms,
                            .last_retry = 2ms,
                            .only_when_idle = false},
                           limit,
                           signs};

    void wait_for(verdict expected) const {
        while (audit.now() != expected)
            std::this_thread::sleep_for(1ms);
    }
    void show_new_snapshots() {
        static_cast<void>(limit.cover(data.last_record()));
        limit.end();
    }
    [[nodiscard]] std::string metrics() {
        std::string text;
        signs.metrics.visit([&](const metric_source& one) { one(text); });
        return text;
    }
};

}  // namespace

TEST_CASE("continuous audit: is unknown from a snapshot that it passes over to the next",
          "[audit]") {
    const captured_log lines;
    test::planted_data data;
    data.open(7, 100);
    data.commit();
    data.write(data.snapshot(1));
    planted_audit one{data};
    one.wait_for(verdict::same);
    test::planted_data::flip(data.write(data.snapshot(2)), 150);
    one.show_new_snapshots();
    one.wait_for(verdict::unknown);
    data.write(data.snapshot(3));
    one.show_new_snapshots();
    one.wait_for(verdict::same);
}

TEST_CASE("continuous audit: counts once that it can only begin with an impossible ledger",
          "[audit]") {
    const captured_log lines;
    test::planted_data data;
    data.open(7, 100);
    data.open(8, 100);  // their total is above zero
    data.commit();
    while (data.segments().size() < 3) {
        data.deposit(7, 1);
        data.commit();
    }
    REQUIRE(data.log().trim(data.last_record()));
    auto impossible = data.snapshot(1);
    impossible.accounts[0].balance = money::from_minor(-1);
    data.write(impossible);
    planted_audit one{data};
    one.wait_for(verdict::differs);
    while (one.metrics().find("\ncoffer_audit_beginnings_total 1\n") != std::string::npos)
        std::this_thread::sleep_for(1ms);
    REQUIRE(one.audit.differences() == 1);
    REQUIRE_THAT(lines.text(), Contains("differ: ") && Contains("is below zero"));
}
