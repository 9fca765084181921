#include "audit/fault.hpp"

namespace coffer::audit {

std::string to_string(const fault& found) {
    std::string text = found.file;
    if (found.offset)
        text += ", offset " + std::to_string(*found.offset);
    text += ": ";
    if (found.account != 0)
        text += "account " + std::to_string(found.account) + ": ";
    return text + found.what;
}

void fault_list::add(fault found) {
    // One that is met again on the way on is not another.
    if (!kept_.empty() && kept_.back() == found)
        return;
    ++count_;
    if (kept_.size() < most_kept)
        kept_.push_back(std::move(found));
}

}  // namespace coffer::audit
