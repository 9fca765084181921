// What a request allocates: nothing. This binary counts all that is allocated in it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>

#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/held_log.hpp"
#include "engine/initial_accounts.hpp"
#include "http/session_driver.hpp"
#include "http/worker.hpp"

namespace {

std::atomic<std::size_t> allocations{0};

/// How many more allocations of the worker's thread succeed before one fails; negative: all do.
std::atomic<int> until_failure{-1};
thread_local bool is_worker = false;

void* counted(std::size_t bytes, std::size_t alignment) {
    ++allocations;
    if (is_worker && until_failure >= 0 && until_failure-- == 0)
        throw std::bad_alloc{};
    void* const memory =
        alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
            ? std::malloc(std::max(bytes, std::size_t{1}))
            : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr)
        throw std::bad_alloc{};
    return memory;
}

}  // namespace

// The array and nothrow forms call these two.
void* operator new(std::size_t bytes) {
    return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

using namespace coffer::http;

namespace {

const std::string balance = get("/accounts/10001/balance");
const std::string withdrawal = post("/accounts/10009/withdraw", R"({"amount":0.01})");
const std::string encoded = get("/accounts/1%30001/balance");
const std::string refused = post("/accounts/10009/withdraw", R"({"amount":0.001})");

std::string chunked_withdrawal() {
    return "POST /accounts/10009/withdraw HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
           "Transfer-Encoding: chunked\r\n\r\nf\r\n{\"amount\":0.01}\r\n0\r\n\r\n";
}

/// A client on the loopback that allocates nothing itself.
class bare_client {
public:
    explicit bare_client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    bare_client(const bare_client&) = delete;
    bare_client& operator=(const bare_client&) = delete;
    ~bare_client() { ::close(socket_); }

    bool send(std::string_view request) {
        return ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(request.size());
    }
    /// Sends a request and waits for the reply, which comes in one piece. Whether it is a 200.
    bool ask(std::string_view request) {
        if (!send(request))
            return false;
        char reply[1024];
        const ssize_t size = ::recv(socket_, reply, sizeof reply, 0);
        return size > 0 && std::string_view{reply, static_cast<std::size_t>(size)}.starts_with(
                               "HTTP/1.1 200 OK\r\n");
    }

private:
    int socket_;
};

}  // namespace

TEST_CASE("allocations: are counted here", "[http]") {
    const std::size_t before = allocations;
    const std::string text(100, 'x');
    CHECK(allocations == before + 1);
    CHECK(text.size() == 100);
}

TEST_CASE("session: a request allocates nothing", "[http]") {
    session_driver client;
    std::string out;
    for (const std::string& request : {balance, withdrawal, encoded, refused, balance + balance}) {
        static_cast<void>(client.session.feed(request, out));  // what is allocated once
        out.clear();
        const std::size_t before = allocations;
        std::size_t used = 0;
        for (int i = 0; i != 1000; ++i) {
            used += client.session.feed(request, out);
            out.clear();
        }
        const std::size_t made = allocations - before;
        CAPTURE(request);
        CHECK(used == 1000 * request.size());
        CHECK(made == 0);
    }
}

TEST_CASE("session: a small body in chunks allocates nothing", "[http]") {
    session_driver client;
    std::string out;
    const std::string request = chunked_withdrawal();
    static_cast<void>(client.session.feed(request, out));
    out.clear();
    const std::size_t before = allocations;
    const std::size_t used = client.session.feed(request, out);
    const std::size_t made = allocations - before;
    CHECK(used == request.size());
    CHECK(made == 0);
}

// A tick of the worker's clock may allocate, and the thread that runs it does as it begins: but
// whatever a request allocates is allocated in every round.
TEST_CASE("connection: a request allocates nothing on its way from the socket and back", "[http]") {
    coffer::engine engine{coffer::initial_accounts::sample().open_in_memory()};
    commons common;
    worker served{engine.teller_at(0), common};
    served.listen({"127.0.0.1", 0});
    std::thread thread{[&served] { served.run(); }};
    {
        bare_client one{served.addresses().front().port};
        bare_client other{served.addresses().front().port};
        for (const std::string& request : {balance, withdrawal}) {
            std::size_t least = SIZE_MAX;
            bool all_well = one.ask(request) && other.ask(request);
            for (int round = 0; round != 10; ++round) {
                const std::size_t before = allocations;
                for (int i = 0; i != 50; ++i)
                    all_well = one.ask(request) && other.ask(request) && all_well;
                least = std::min(least, allocations - before);
            }
            CHECK(all_well);
            CHECK(least == 0);
        }
    }
    served.drain(std::chrono::seconds{1});
    thread.join();
}

namespace {

/// A worker whose journal makes nothing durable before the gate is open.
struct held_worker {
    explicit held_worker(std::chrono::milliseconds disk_timeout) {
        served.listen({"127.0.0.1", 0});
        coffer::engine::journal_options chosen;
        chosen.disk_timeout = disk_timeout;
        engine.open(coffer::initial_accounts::sample().open_in_memory(),
                    coffer::test::log_behind(gate), std::move(chosen));
        thread = std::thread{[this] {
            is_worker = true;
            served.run();
        }};
    }
    ~held_worker() {
        gate.open();
        served.drain(std::chrono::seconds{1});
        thread.join();
        static_cast<void>(engine.close());
    }

    coffer::test::gate gate;
    coffer::engine engine{coffer::engine::options{}};
    commons common;
    worker served{engine.teller_at(0), common};
    std::thread thread;
};

}  // namespace

// The timeout is so short that the worker sets a timer for each wait, which is one of the
// allocations that fail here.
TEST_CASE("connection: one that fails as it begins to wait for the disk is not called again",
          "[http]") {
    bool has_failed = true;
    for (int succeeding = 0; has_failed; ++succeeding) {
        REQUIRE(succeeding < 100);
        held_worker one{std::chrono::milliseconds{1900}};
        bare_client client{one.served.addresses().front().port};
        bare_client other{one.served.addresses().front().port};
        REQUIRE(client.ask(balance));
        REQUIRE(other.ask(balance));
        until_failure = succeeding;
        client.send(withdrawal);
        // After two round trips of another the worker has done with it.
        const bool has_served = other.ask(balance) && other.ask(balance);
        has_failed = until_failure.exchange(-1) < 0;
        one.gate.open();
        bare_client last{one.served.addresses().front().port};
        CHECK(last.ask(withdrawal));
        CHECK(last.ask(balance));
        CHECK((has_served || has_failed));
    }
}
