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

std::unique_ptr<new_history> log_store::begin_history() {
    return std::make_unique<new_scanned_history>();
}

}  // namespace coffer::journal
