#include "audit/patient_reader.hpp"

#include <chrono>
#include <thread>
#include <utility>

#include "journal/journal_error.hpp"
#include "ops/stopping.hpp"

namespace coffer::audit {

patient_reader::patient_reader(const journal::storage& where, std::uint64_t from_record, pause wait)
    : reader_{where, from_record}, wait_{std::move(wait)} {}

void patient_reader::five_milliseconds() {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
}

std::optional<journal::batch_view> patient_reader::next() {
    stopping::check();
    for (int left = attempts;; --left) {
        try {
            if (auto found = reader_.next(); found || !reader_.torn() || left == 1)
                return found;
        } catch (const journal::journal_error&) {
            if (left == 1)
                throw;
        }
        wait_();
    }
}

}  // namespace coffer::audit
