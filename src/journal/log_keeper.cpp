#include "journal/log_keeper.hpp"

#include <exception>
#include <utility>

#include "ops/log.hpp"

namespace coffer::journal {

room_keeper::room_keeper(batch_log& log, std::size_t enough_bytes, std::chrono::milliseconds retry)
    : log_{log},
      retry_{retry},
      thread_{[this] { return make_room(); },
              log.has_room(enough_bytes) ? background_work::pause{0} : make_room()} {}

background_work::pause room_keeper::make_room() noexcept {
    try {
        const log_status status = log_.make_room();
        if (!status && !has_complained_)
            log::warn("the journal has no room ahead: {}; trying again", status.reason);
        if (status && has_complained_)
            log::info("the journal has room ahead again");
        has_complained_ = !status;
    } catch (const std::exception& error) {
        log::warn("the journal has no room ahead: {}; trying again", error.what());
        has_complained_ = true;
    }
    return has_complained_ ? background_work::pause{retry_} : std::nullopt;
}

place_keeper::place_keeper(batch_log& log, std::chrono::milliseconds every,
                           std::function<void(const std::string&)> on_loss)
    : log_{log},
      every_{every},
      on_loss_{std::move(on_loss)},
      thread_{[this] { return check(); }, every} {}

background_work::pause place_keeper::check() noexcept {
    try {
        if (const log_status status = log_.check_in_place(); !status) {
            on_loss_(status.reason);
            return std::nullopt;  // nobody pokes it
        }
    } catch (const std::exception&) {
        // No memory now: the next check finds it out.
    }
    return every_;
}

}  // namespace coffer::journal
