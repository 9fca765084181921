#include "engine/engine.hpp"

#include <utility>

namespace coffer {

engine::engine(const options& chosen) : keys_{chosen.keys, &journal::writer::wall_clock} {
    for (std::size_t i = 0; i != chosen.tellers; ++i)
        tellers_.push_back(std::make_unique<teller>(*this));
}

engine::engine(std::unique_ptr<ledger> books) : engine{options{}} {
    open(std::move(books));
}

engine::~engine() {
    close();
}

void engine::open(std::unique_ptr<ledger> books) {
    books_ = std::move(books);
    // Release: pairs with the acquire in is_open.
    is_open_.store(true, std::memory_order_release);
}

void engine::open(std::unique_ptr<ledger> books, std::unique_ptr<journal::batch_log> log,
                  journal_options chosen) {
    books_ = std::move(books);
    log_ = std::move(log);
    journal::writer::options asked;
    for (const auto& one : tellers_)
        asked.on_durable.push_back([&told = one->on_durable_] {
            if (told)
                told();
        });
    asked.on_failure = std::move(chosen.on_failure);
    asked.commit_wait = chosen.commit_wait;
    journal_.emplace(*books_, *log_, std::move(asked));
    for (std::size_t i = 0; i != tellers_.size(); ++i)
        tellers_[i]->lane_ = &journal_->lane_at(i);
    // Release: pairs with the acquire in is_open.
    is_open_.store(true, std::memory_order_release);
}

bool engine::close() noexcept {
    return !journal_ || journal_->stop();
}

}  // namespace coffer
