#include "load/request_writer.hpp"

#include <coffer/money.hpp>

#include "ops/text.hpp"

namespace coffer::load {

request_writer::request_writer(std::string_view host) {
    for (std::size_t i = 0; i != operation_count; ++i) {
        const bool reads = i == place(operation::balance);
        parts_[i].before_account = reads ? "GET /accounts/" : "POST /accounts/";
        parts_[i].before_length =
            '/' + std::string{operation_names[i]} + " HTTP/1.1\r\nHost: " + std::string{host} +
            "\r\n" + (reads ? "\r\n" : "Content-Type: application/json\r\nContent-Length: ");
    }
}

void request_writer::write(const request& one, account_number number, std::string& out) const {
    const parts& made = parts_[place(one.what)];
    out += made.before_account;
    append_number(out, number);
    out += made.before_length;
    if (one.what == operation::balance)
        return;
    constexpr std::string_view name = R"({"amount":)";
    char amount[money_max_chars];
    char* const end =
        to_chars(amount, amount + sizeof amount, money::from_minor(one.amount_minor)).ptr;
    append_number(out, name.size() + static_cast<std::size_t>(end - amount) + 1);
    out += "\r\n\r\n";
    out += name;
    out.append(amount, end);
    out += '}';
}

}  // namespace coffer::load
