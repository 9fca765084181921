#include "api/past_balance.hpp"

#include <utility>

#include "engine/history_reader.hpp"
#include "journal/account_history.hpp"
#include "ops/text.hpp"

namespace coffer::api {

class past_balance::job final : public history_job {
public:
    explicit job(const moment& wanted) : wanted_{wanted} {}

    /// Why there is none.
    [[nodiscard]] problem why() const noexcept { return why_; }
    /// The account after the posting, and when that was.
    [[nodiscard]] const posting& found() const noexcept { return found_; }
    [[nodiscard]] const std::string& time() const noexcept { return time_; }

private:
    void read(journal::history& past) override {
        const journal::account_history account{past, wanted_.account};
        const std::uint64_t sequence =
            wanted_.sequence != 0 ? wanted_.sequence : sequence_as_of(account, past);
        if (sequence == 0) {
            why_ = problem::account_unknown;
            return;
        }
        const auto in = past.latest(wanted_.account, sequence);
        const std::uint64_t last = in ? sequences_of(*in).last : wanted_.last_sequence;
        if (last < sequence) {
            why_ = problem::sequence_unknown;
            return;
        }
        if (!in)
            throw journal::history_trimmed{past.beginning()};
        account.visit(*in, {sequence, sequence}, [this](const journal::posting_line& line) {
            found_ = line.state;
            time_ = line.time;
        });
    }

    /// 0 if the account was opened later.
    [[nodiscard]] std::uint64_t sequence_as_of(const journal::account_history& account,
                                               const journal::history& past) const {
        const std::uint64_t until_ns = wanted_.time_ns + 1;
        const std::uint64_t found = account.last_before(until_ns != 0 ? until_ns : wanted_.time_ns);
        if (found == 0 && account.first(until_ns) != 1)
            throw journal::history_trimmed{past.beginning()};
        return found;
    }

    const moment wanted_;
    problem why_ = problem::none;
    posting found_{};
    std::string time_;
};

past_balance::past_balance(const moment& wanted) : past_balance{std::make_shared<job>(wanted)} {}

past_balance::past_balance(std::shared_ptr<job> one) : history_page{one}, job_{std::move(one)} {}

body_stream::state past_balance::write(std::string& text) {
    if (job_->why() != problem::none)
        return fail(job_->why());
    const posting& found = job_->found();
    text += R"({"success":true,"data":{"account_number":")";
    append_number(text, found.account);
    text += R"(","balance":)";
    append_money(text, found.balance);
    text += R"(,"sequence":)";
    append_number(text, found.sequence);
    text.append(R"(,"time":")").append(job_->time()).append(R"("},"code":200})");
    return state::done;
}

}  // namespace coffer::api
