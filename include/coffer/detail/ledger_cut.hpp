// Implements ledger::cut, which ledger.hpp declares and documents.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <thread>
#include <utility>

#include <coffer/ledger.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

template <class Visitor>
cut_summary ledger::cut(Visitor&& visitor, cut_pace pace) {
    return cut(
        visitor, [](const hold&) noexcept {}, pace);
}

template <class Visitor, class HoldVisitor>
requires std::invocable<HoldVisitor&, const hold&> cut_summary
ledger::cut(Visitor&& visitor, HoldVisitor&& hold_visitor, cut_pace pace) {
    resumable_cut mine{parts(), desk_.take(pace.patience, pace.idle_patience)};
    std::exception_ptr failure;
    std::size_t since_rest = 0;
    const auto guarded = [&failure](auto& visit) {
        return [&failure, &visit](const auto& taken) {
#if defined(__cpp_exceptions)
            try {
                if (!failure)
                    visit(taken);
            } catch (...) {
                failure = std::current_exception();
            }
#else
            static_cast<void>(failure);
            visit(taken);
#endif
        };
    };
    const auto visit = guarded(visitor);
    const auto visit_hold = guarded(hold_visitor);
    while (mine.next(cut_pace::accounts, visit, visit_hold) == resumable_cut::state::more) {
        if (!mine.has_begun())
            std::this_thread::sleep_until(desk_.not_before);
        since_rest += mine.moved_;
        if (since_rest >= cut_pace::accounts && pace.rest.count() > 0) {
            std::this_thread::sleep_for(pace.rest);
            since_rest = 0;
        }
    }
    if (failure)
        std::rethrow_exception(failure);
    return mine.summary();
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
