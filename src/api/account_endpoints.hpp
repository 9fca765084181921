// The endpoints of one account: its balance, its postings, opening and closing it.
#pragma once

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

// None of these allocates, but for the memory of idempotency keys and of a new account.

void balance(teller&, const call&, reply&);
void withdraw(teller&, const call&, reply&);
void deposit(teller&, const call&, reply&);

void open_account(teller&, const call&, reply&);
void show_account(teller&, const call&, reply&);
void close_account(teller&, const call&, reply&);
void reopen_account(teller&, const call&, reply&);

}  // namespace coffer::api
