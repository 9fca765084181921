#include "load/operation.hpp"

namespace coffer::load {

effects effects_of(const request& one) {
    const std::int64_t amount = one.amount_minor;
    effects found;
    switch (one.what) {
        case operation::balance:
            break;
        case operation::deposit:
            found.push_back({one.account, {.booked_minor = amount}});
            break;
        case operation::withdraw:
        case operation::transfer:
        case operation::transaction:
            found.push_back({one.account, {.booked_minor = -amount}});
            for (const payment& part : one.payments)
                found.push_back({part.account, {.booked_minor = part.amount_minor}});
            break;
        case operation::hold:
            found.push_back({one.account, {.held_minor = amount}});
            break;
        case operation::capture:
            found.push_back({one.account, {-amount, -one.hold.amount_minor}});
            break;
        case operation::release:
            found.push_back({one.account, {.held_minor = -one.hold.amount_minor}});
            break;
    }
    return found;
}

}  // namespace coffer::load
