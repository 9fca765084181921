#include "journal/interruption.hpp"

#include "journal/history.hpp"

namespace coffer::journal {

thread_local const interruption::condition* interruption::current = nullptr;

void interruption::check() {
    if (current != nullptr && (*current)())
        throw history_unavailable{"the question was ended early"};
}

}  // namespace coffer::journal
