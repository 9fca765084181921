#include "journal/log_store.hpp"

#include "journal/scanned_history.hpp"

namespace coffer::journal {
namespace {

class new_scanned_history final : public new_history {
public:
    [[nodiscard]] std::unique_ptr<history> finish(const batch_log& log) override {
        return std::make_unique<scanned_history>(log);
    }
};

}  // namespace

std::unique_ptr<new_log> log_store::create_copy(const ledger_id&) {
    throw journal_error{"the journal's store", "keeps no copies of other logs"};
}

std::unique_ptr<new_history> log_store::begin_history() {
    return std::make_unique<new_scanned_history>();
}

}  // namespace coffer::journal
