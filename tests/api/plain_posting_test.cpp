// The quick reader of lines against the general one, read_object.
#include "api/plain_posting.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>

#include "api/json_object.hpp"
#include "catch.hpp"
#include "journal/record.hpp"

using namespace coffer::api;
using coffer::money;

namespace {

/// What read_object reads from the line has to be what was read quickly.
void require_same(std::string_view line, const plain_posting& quick) {
    static constexpr std::array members{
        member{"operation", member_kind::text}, member{"account_number", member_kind::account},
        member{"amount", member_kind::amount}, member{"key", member_kind::text, false}};
    std::array<member_value, members.size()> values;
    json_room room;
    const member_problem wrong = read_object(line, members, values, room);
    CAPTURE(line);
    REQUIRE(wrong.problem == problem::none);
    REQUIRE(values[0].text == (quick.is_deposit ? "deposit" : "withdraw"));
    REQUIRE(values[1].account == quick.account);
    REQUIRE(values[2].amount == quick.amount);
    REQUIRE(values[3].is_present() == !quick.key.empty());
    REQUIRE(values[3].text == quick.key);
    if (values[3].is_present())
        REQUIRE(coffer::journal::is_request_key(quick.key));
}

class line_maker {
public:
    explicit line_maker(unsigned seed) : random_{seed} {}

    /// A line that is right or nearly right.
    std::string make() {
        std::string line = "{";
        for (std::size_t i = 0, size = below(6); i != size; ++i) {
            if (i != 0)
                line += ',';
            add_spaces(line);
            add_quoted(line, one_of(names));
            add_spaces(line);
            line += ':';
            add_spaces(line);
            add_value(line);
            add_spaces(line);
        }
        line += '}';
        for (std::size_t i = below(3); i != 0; --i)
            mutate(line);
        return line;
    }
    /// A line that is right, with its members in any order.
    std::string make_right() {
        std::array<std::string, 4> parts{
            "\"operation\":", "\"account_number\":", "\"amount\":", R"("key":"k-1")"};
        add_quoted(parts[0], one_of(operations));
        add_quoted(parts[1], number());
        parts[2] += number();
        parts[2] += ".25";
        std::shuffle(parts.begin(), parts.end(), random_);
        std::string line = "{";
        for (const std::string& part : parts) {
            line += line.size() == 1 ? "" : ",";
            line += part;
        }
        line += '}';
        return line;
    }

private:
    using texts = std::array<std::string_view, 6>;
    static constexpr texts names{"operation", "account_number", "amount", "key", "to", "Amount"};
    static constexpr texts operations{"deposit", "withdraw", "deposit",
                                      "deposit", "withdraw", "deposit"};
    static constexpr texts strings{"deposit", "withdraw", "10001", "0", "a b", "k\\n"};
    static constexpr texts numbers{"1", "0.01", "1.", "01", "1e2", "-1"};

    std::size_t below(std::size_t end) { return random_() % end; }
    std::string_view one_of(const texts& of) { return of[below(of.size())]; }
    std::string number() { return std::to_string(1 + below(100'000)); }
    void add_spaces(std::string& line) { line.append(below(4) == 0 ? below(3) : 0, ' '); }
    static void add_quoted(std::string& line, std::string_view text) {
        line += '"';
        line += text;
        line += '"';
    }
    void add_value(std::string& line) {
        if (below(2) == 0)
            add_quoted(line, one_of(strings));
        else
            line += one_of(numbers);
    }
    void mutate(std::string& line) {
        static constexpr std::string_view bytes = "\"\\{}:,. 0159eE-kd\t\n\x7f\x80\xc3";
        const std::size_t at = below(line.size() + 1);
        switch (below(3)) {
            case 0:
                line.insert(at, 1, bytes[below(bytes.size())]);
                break;
            case 1:
                line.erase(at, 1);
                break;
            default:
                if (at != line.size())
                    line[at] = bytes[below(bytes.size())];
        }
    }

    std::mt19937 random_;
};

}  // namespace

TEST_CASE("plain_posting: reads the usual form, with its members in any order", "[api]") {
    const auto read = read_plain_posting(
        R"({"operation":"deposit","account_number":"10001","amount":1.0,"key":"k1"})");
    REQUIRE(read);
    CHECK(read->is_deposit);
    CHECK(read->account == 10001);
    CHECK(read->amount == money::from_minor(100));
    CHECK(read->key == "k1");
    const auto other = read_plain_posting(
        R"({ "amount" : 0.01, "account_number" : "7", "operation" : "withdraw" })");
    REQUIRE(other);
    CHECK_FALSE(other->is_deposit);
    CHECK(other->account == 7);
    CHECK(other->amount == money::from_minor(1));
    CHECK(other->key.empty());
    line_maker maker{1};
    for (int i = 0; i != 1000; ++i) {
        const std::string line = maker.make_right();
        const auto found = read_plain_posting(line);
        CAPTURE(line);
        REQUIRE(found);
        require_same(line, *found);
    }
}

TEST_CASE("plain_posting: leaves everything else to the general reader", "[api]") {
    for (const std::string_view line : {
             R"()",
             R"({)",
             R"({})",
             R"([])",
             R"({"operation":"deposit","account_number":"1"})",
             R"({"operation":"deposit","amount":1})",
             R"({"account_number":"1","amount":1})",
             R"({"operation":"transfer","account_number":"1","amount":1})",
             R"({"operation":"deposit","account_number":"01","amount":1})",
             R"({"operation":"deposit","account_number":1,"amount":1})",
             R"({"operation":"deposit","account_number":"1","amount":"1"})",
             R"({"operation":"deposit","account_number":"1","amount":0})",
             R"({"operation":"deposit","account_number":"1","amount":01})",
             R"({"operation":"deposit","account_number":"1","amount":1.})",
             R"({"operation":"deposit","account_number":"1","amount":1e0})",
             R"({"operation":"deposit","account_number":"1","amount":0.001})",
             R"({"operation":"deposit","account_number":"1","amount":1,"key":""})",
             R"({"operation":"deposit","account_number":"1","amount":1,"key":"\u007f"})",
             R"({"operation":"deposit","account_number":"1","amount":1,"key":"\u0061"})",
             R"({"operation":"deposit","account_number":"1","amount":1,"key":null})",
             R"({"operation":"deposit","account_number":"1","amount":1,"amount":1})",
             R"({"operation":"deposit","account_number":"1","amount":1,"to":"2"})",
             R"({"operation":"deposit","account_number":"1","amount":1,})",
             R"({"operation":"deposit","account_number":"1","amount":1} )",
             R"({"operation":"deposit","account_number":"1","amount":1}{)",
             R"({"operation":"deposit","account_number":"1" "amount":1})",
             R"({"operation":"deposit"."account_number":"1","amount":1})",
         }) {
        CAPTURE(line);
        CHECK_FALSE(read_plain_posting(line));
    }
    const std::string before = R"({"operation":"deposit","account_number":"1","amount":1,"key":")";
    CHECK(read_plain_posting(before + "a b\"}"));
    CHECK(read_plain_posting(before + std::string(255, 'x') + "\"}"));
    CHECK_FALSE(read_plain_posting(before + std::string(256, 'x') + "\"}"));
}

TEST_CASE("plain_posting: whatever it reads, the general reader reads the same", "[api]") {
    line_maker maker{20'26};
    int read = 0;
    for (int i = 0; i != 300'000; ++i) {
        const std::string line = maker.make();
        if (const auto quick = read_plain_posting(line)) {
            require_same(line, *quick);
            ++read;
        }
    }
    for (int i = 0; i != 1000; ++i) {
        const std::string right = maker.make_right();
        for (std::size_t at = 0; at != right.size(); ++at) {
            std::string line = right;
            line[at] = static_cast<char>(line[at] ^ (1 << (i % 8)));
            if (const auto quick = read_plain_posting(line)) {
                require_same(line, *quick);
                ++read;
            }
        }
    }
    CHECK(read > 1000);
}
