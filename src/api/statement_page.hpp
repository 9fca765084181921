// A page of an account's statement, the newest posting first, as one JSON envelope.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "api/history_page.hpp"
#include "api/statement_cursor.hpp"

namespace coffer::api {

/// Which postings a page has.
struct page_selection {
    statement_owner owner;
    std::size_t limit = 1;
    std::uint64_t below_sequence = 0;  ///< 0: from the last posting on
    std::uint64_t from_ns = 0;
    std::uint64_t until_ns = 0;  ///< not included
};

class statement_page final : public history_page {
public:
    explicit statement_page(const page_selection& wanted);

private:
    class job;

    explicit statement_page(std::shared_ptr<job> one);
    state write(std::string& text) override;

    std::shared_ptr<job> job_;
};

}  // namespace coffer::api
