#include "replication/first_accounts.hpp"

#include <new>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "journal/appender.hpp"
#include "journal/journal_error.hpp"
#include "journal/ledger_clock.hpp"
#include "journal/record.hpp"

namespace coffer::replication {
namespace {

class opening {
public:
    opening(replicated_log& log, engine& into, const journal::batch_stamp& last,
            const std::function<bool()>& goes_on)
        : log_{log},
          into_{into},
          goes_on_{goes_on},
          appender_{log},
          batch_{log.max_batch_bytes()},
          last_{last} {
        clock_.begin(last);
    }

    [[nodiscard]] initial_accounts::refusal open(account_number number, money balance) {
        if (into_.ledger().balance(number) || !numbers_.insert(number).second)
            return std::nullopt;  // by the leader before, or listed twice
        std::byte bytes[journal::format::record::max_bytes];
        const posting made{number, 1, balance};
        const std::size_t size = journal::encode(journal::record::of_opening(made), bytes);
        if (!batch_.has_room(size))
            append(true);
        batch_.add(std::span{bytes}.first(size));
        made_.push_back(made);
        return std::nullopt;
    }

    [[nodiscard]] journal::batch_stamp finish() {
        if (batch_.records() != 0)
            append(false);
        return last_;
    }

private:
    void append(bool more_follow) {
        using result = journal::appender::result;
        log_.mark_opening(more_follow);
        const auto one = batch_.seal(appender_.end(), clock_.stamp());
        for (result found = result::unknown; found != result::durable;) {
            if (!log_.has_room_ahead())
                static_cast<void>(log_.make_room());  // if there is none, append says so
            found = appender_.append(one);
            if (found == result::failed || !goes_on_())
                throw journal::journal_error{
                    log_.name(), "the first accounts are not in the log: " + appender_.reason()};
            if (found != result::durable)
                std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        last_ = one.header.stamp;
        apply(one.after().next_record - 1);
        numbers_.clear();
        made_.clear();
        batch_.clear();
    }

    /// Not before they are in the log: a snapshot has what the ledger has, and this node would then
    /// take the others for opened.
    void apply(std::uint64_t last_record) {
        into_.note_applying(last_record);
        for (const posting& one : made_) {
            if (!into_.ledger().open(one.account, one.balance))
                throw std::bad_alloc{};  // no room: nothing else is possible
            into_.ledger().note_durable(one.account, one.sequence);
        }
    }

    replicated_log& log_;
    engine& into_;
    const std::function<bool()>& goes_on_;
    journal::appender appender_;
    journal::batch_builder batch_;
    journal::ledger_clock clock_;
    journal::batch_stamp last_;
    std::vector<posting> made_;                   // of the batch
    std::unordered_set<account_number> numbers_;  // likewise
};

}  // namespace

journal::batch_stamp open_first_accounts(replicated_log& log, engine& into,
                                         const initial_accounts& accounts,
                                         const journal::batch_stamp& last,
                                         const std::function<bool()>& goes_on) {
    accounts.check();  // before any of them is in the log for ever
    opening made{log, into, last, goes_on};
    accounts.visit(
        [&made](const posting& listed) { return made.open(listed.account, listed.balance); });
    return made.finish();
}

}  // namespace coffer::replication
