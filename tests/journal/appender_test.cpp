#include "journal/appender.hpp"

#include <memory>
#include <vector>

#include "catch.hpp"
#include "memory_log.hpp"

using coffer::money;
using coffer::test::Contains;
using coffer::test::fate;
using coffer::test::memory_batches;
using coffer::test::memory_log;
using namespace coffer::journal;

using result = appender::result;

namespace {

/// A batch of a deposit, which follows `end`, as one writer makes it: others have other times.
class one_batch {
public:
    one_batch(const batch_position& end, std::uint64_t time_ns) {
        std::byte bytes[format::record::max_bytes];
        const auto made = record::of_deposit({7, 2, money::from_minor(1)}, money::from_minor(1));
        builder_.add(std::span{bytes}.first(encode(made, bytes)));
        view_ = builder_.seal(end, {time_ns, time_ns});
    }
    [[nodiscard]] const batch_view& view() const { return view_; }

private:
    batch_builder builder_;
    batch_view view_;
};

/// A log in memory whose next answers have the fates given.
struct fixture {
    std::shared_ptr<memory_batches> kept = std::make_shared<memory_batches>();
    memory_log log{kept};
    appender to{log};

    void decide(std::vector<fate> fates) {
        kept->decide_by([fates = std::move(fates), next = std::size_t{0}]() mutable {
            return next < fates.size() ? fates[next++] : fate::arrives;
        });
    }
};

}  // namespace

TEST_CASE("appender: a batch that is answered is durable at once", "[journal]") {
    fixture one;
    const one_batch batch{one.to.end(), 1};
    CHECK(one.to.append(batch.view()) == result::durable);
    CHECK(one.to.end() == batch.view().after());
    CHECK(one.kept->end() == one.to.end());
}

TEST_CASE("appender: a batch that arrived without an answer is found at the log's end",
          "[journal]") {
    for (const bool at_append : {true, false}) {
        fixture one;
        one.log.sends_at_append = at_append;
        one.decide({fate::answer_lost});
        const one_batch batch{one.to.end(), 1};
        CHECK(one.to.append(batch.view()) == result::unknown);
        CHECK(one.to.is_in_doubt());
        CHECK(one.to.append(batch.view()) == result::durable);
        CHECK_FALSE(one.to.is_in_doubt());
        CHECK(one.kept->all().size() == 1);
    }
}

TEST_CASE("appender: a batch that did not arrive is appended again", "[journal]") {
    fixture one;
    one.decide({fate::request_lost, fate::request_lost});
    const one_batch batch{one.to.end(), 1};
    CHECK(one.to.append(batch.view()) == result::unknown);
    CHECK(one.to.append(batch.view()) == result::unknown);
    CHECK(one.to.append(batch.view()) == result::durable);
    CHECK(one.kept->all().size() == 1);
}

TEST_CASE("appender: a batch that arrives between the look and the next attempt is not doubled",
          "[journal]") {
    /// Delivers what was delayed just before each append.
    class late_log : public memory_log {
    public:
        using memory_log::memory_log;
        [[nodiscard]] log_status append(const batch_view& one) override {
            kept().deliver();
            return memory_log::append(one);
        }
    };
    const auto kept = std::make_shared<memory_batches>();
    late_log log{kept};
    appender to{log};
    kept->decide_by([first = true]() mutable {
        return std::exchange(first, false) ? fate::delayed : fate::arrives;
    });
    const one_batch batch{to.end(), 1};
    CHECK(to.append(batch.view()) == result::unknown);
    CHECK(to.append(batch.view()) == result::unknown);  // its place was taken: by itself
    CHECK(to.append(batch.view()) == result::durable);
    CHECK(kept->all().size() == 1);
}

TEST_CASE("appender: asks again while the log's end cannot be read", "[journal]") {
    fixture one;
    one.decide({fate::answer_lost});
    one.kept->unanswered_reads = 2;
    const one_batch batch{one.to.end(), 1};
    CHECK(one.to.append(batch.view()) == result::unknown);
    CHECK(one.to.append(batch.view()) == result::unknown);
    CHECK_THAT(one.to.reason(), Contains("does not answer"));
    CHECK(one.to.append(batch.view()) == result::unknown);
    CHECK(one.to.append(batch.view()) == result::durable);
    CHECK(one.kept->all().size() == 1);
}

TEST_CASE("appender: another batch in the place of one in doubt means another writer",
          "[journal]") {
    fixture one;
    one.kept->fences = false;
    one.decide({fate::request_lost});
    const one_batch batch{one.to.end(), 1};
    CHECK(one.to.append(batch.view()) == result::unknown);
    memory_log other{one.kept};
    appender taking_over{other};
    const one_batch its{taking_over.end(), 2};
    CHECK(taking_over.append(its.view()) == result::durable);
    CHECK(one.to.append(batch.view()) == result::failed);
    CHECK_THAT(one.to.reason(), Contains("another writer has taken over after record 0"));
    CHECK(one.kept->end() == its.view().after());
}

TEST_CASE("appender: a batch in doubt that another writer has followed is durable, and the last",
          "[journal]") {
    fixture one;
    one.kept->fences = false;
    one.decide({fate::answer_lost});
    const one_batch batch{one.to.end(), 1};
    CHECK(one.to.append(batch.view()) == result::unknown);
    memory_log other{one.kept};
    appender taking_over{other};
    const one_batch its{taking_over.end(), 2};
    CHECK(taking_over.append(its.view()) == result::durable);
    CHECK(one.to.append(batch.view()) == result::durable);
    const one_batch next{one.to.end(), 3};
    CHECK(one.to.append(next.view()) == result::failed);
}

TEST_CASE("appender: a log that another writer has taken over takes no more", "[journal]") {
    for (const bool fences : {true, false}) {
        fixture one;
        one.kept->fences = fences;
        memory_log other{one.kept};
        appender taking_over{other};
        const one_batch its{taking_over.end(), 2};
        CHECK(taking_over.append(its.view()) == result::durable);
        const one_batch batch{one.to.end(), 1};
        CHECK(one.to.append(batch.view()) == result::failed);
        CHECK_FALSE(one.to.reason().empty());
        CHECK(one.kept->all().size() == 1);
    }
}

TEST_CASE("appender: lack of room leaves nothing behind, unless the batch is in doubt",
          "[journal]") {
    fixture one;
    one.log.room = false;
    const one_batch first{one.to.end(), 1};
    CHECK(one.to.append(first.view()) == result::no_room);
    one.log.room = true;
    one.decide({fate::request_lost});
    const one_batch second{one.to.end(), 2};
    CHECK(one.to.append(second.view()) == result::unknown);
    one.log.room = false;
    CHECK(one.to.append(second.view()) == result::unknown);
    one.log.room = true;
    CHECK(one.to.append(second.view()) == result::durable);
    CHECK(one.kept->all().size() == 1);
}
