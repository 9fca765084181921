// The client with an etcd that asks who it is: certificates, users; and with one that is full.
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "catch.hpp"
#include "replication/etcd_client.hpp"
#include "replication/real_etcd.hpp"

using namespace std::chrono_literals;
using coffer::replication::comparison;
using coffer::replication::etcd_client;
using coffer::replication::operation;
using coffer::replication::store_access;
using coffer::replication::store_error;
using coffer::replication::transaction;
using coffer::test::comes_true;
using coffer::test::Contains;
using coffer::test::has_etcd;
using coffer::test::real_etcd;

namespace {

constexpr auto patience = 60s;

transaction put(const std::string& key, const std::string& value) {
    return {{}, {operation::put(key, value)}, {}};
}

void run(const std::string& command) {
    INFO(command);
    REQUIRE(std::system((command + " >/dev/null 2>&1").c_str()) == 0);
}

/// A folder with an authority, and a certificate for 127.0.0.1 of it, for servers and clients.
class certificates {
public:
    certificates() {
        auto pattern = (std::filesystem::temp_directory_path() / "coffer-tls-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error{pattern};
        folder_ = pattern;
        make_authority("ca");
        make_authority("other-ca");
        run("openssl req -new -newkey rsa:2048 -nodes -subj /CN=test -keyout " + file("key") +
            " -out " + file("csr"));
        std::ofstream{folder_ / "names"}
            << "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n";
        run("openssl x509 -req -days 2 -in " + file("csr") + " -CA " + file("ca") + " -CAkey " +
            file("ca-key") + " -CAcreateserial -extfile " + file("names") + " -out " +
            file("cert"));
    }
    ~certificates() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    certificates(const certificates&) = delete;
    certificates& operator=(const certificates&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return folder_ / name; }

private:
    void make_authority(const std::string& name) const {
        run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name + " -keyout " +
            file(name + "-key") + " -out " + file(name));
    }
    std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("etcd: by TLS both sides show certificates", "[etcd]") {
    if (!has_etcd())
        return;
    const certificates made;
    real_etcd etcd{{1,
                    {"--cert-file", made.file("cert"), "--key-file", made.file("key"),
                     "--trusted-ca-file", made.file("ca"), "--client-cert-auth"},
                    true}};
    store_access access = etcd.access();
    access.ca_file = made.file("ca");
    access.cert_file = made.file("cert");
    access.key_file = made.file("key");
    etcd_client client{access};
    real_etcd::wait_for(client);
    REQUIRE(client.transact(put("a", std::string(1 << 20, 'x')), patience));
    const auto found = client.read({"a"}, patience);
    REQUIRE(found);
    CHECK(found.value.found.at(0).value.size() == 1 << 20);
    CHECK(client.size_of(client.members()[0], patience));
    CHECK(client.wait_for_change("a", 1, patience));

    store_access nobody = access;
    nobody.cert_file.clear();
    nobody.key_file.clear();
    CHECK_FALSE(etcd_client{nobody}.read({"a"}, patience));
    store_access other = access;
    other.ca_file = made.file("other-ca");
    const auto refused = etcd_client{other}.transact(put("a", "b"), patience);
    CHECK(refused.error == store_error::unavailable);
    CHECK_THAT(refused.reason, Contains("certificate verify failed"));
    store_access named = access;
    named.urls[0].replace(named.urls[0].find("127.0.0.1"), 9, "localhost");
    CHECK(etcd_client{named}.transact(put("a", "b"), patience).error == store_error::unavailable);
    store_access plain = access;
    plain.urls[0].erase(4, 1);
    CHECK_FALSE(etcd_client{plain}.read({"a"}, patience));
    CHECK(client.read({"a"}, patience).value.found.at(0).version == 1);

    store_access missing = access;
    missing.ca_file = made.file("no-such-file");
    CHECK_THROWS_WITH(etcd_client{missing}, Contains("no-such-file"));
    store_access half = access;
    half.key_file.clear();
    CHECK_THROWS(etcd_client{half});
}

TEST_CASE("etcd: a user has a password, and a token that ends", "[etcd]") {
    if (!has_etcd() || !has_etcd("etcdctl"))
        return;
    real_etcd etcd{{1, {"--auth-token-ttl", "2"}}};
    store_access access = etcd.access();
    access.user = "root";
    access.password_file = etcd.folder() / "password";
    std::ofstream{access.password_file} << "secret\n";
    etcd_client client{access};
    real_etcd::wait_for(client);  // a user of an etcd that knows none is no error
    CHECK(client.transact(put("a", "1"), patience));

    const std::string control = "ETCDCTL_API=3 etcdctl --endpoints " + etcd.urls()[0] + ' ';
    run(control + "user add root:secret");
    run(control + "user grant-role root root");
    run(control + "user add reader:secret");
    run(control + "role add reader");
    run(control + "role grant-permission reader read a");
    run(control + "user grant-role reader reader");
    run(control + "auth enable");

    CHECK(client.transact(put("a", "2"), patience));
    std::this_thread::sleep_for(4s);  // the token ends
    CHECK(client.transact(put("a", "3"), patience));
    CHECK(client.keep_alive(client.grant_lease(60s, patience).value.id, patience));
    CHECK(client.wait_for_change("a", 1, patience));
    const auto last = client.read({"a"}, patience);
    REQUIRE(last);
    CHECK(last.value.found.at(0).value == "3");
    CHECK(client.compact(last.value.revision, patience) == store_error::none);
    CHECK(client.defragment(client.members()[0], patience) == store_error::none);
    CHECK(client.has_space_alarm(patience));
    CHECK(client.disarm_space_alarm(patience) == store_error::none);

    store_access reader = access;
    reader.user = "reader";
    CHECK(etcd_client{reader}.read({"a"}, patience));
    CHECK(etcd_client{reader}.read({"b"}, patience).error == store_error::denied);
    CHECK(etcd_client{reader}.transact(put("a", "4"), patience).error == store_error::denied);
    // Only the role root may defragment.
    etcd_client limited{reader};
    CHECK(limited.compact(last.value.revision, patience) == store_error::none);
    CHECK(limited.has_space_alarm(patience));
    CHECK(limited.defragment(client.members()[0], patience) == store_error::denied);
    CHECK(limited.size_of(client.members()[0], patience));
    const auto lease = limited.grant_lease(60s, patience);
    CHECK(limited.keep_alive(lease.value.id, patience));
    CHECK(etcd_client{etcd.access()}.transact(put("a", "4"), patience).error ==
          store_error::denied);
    std::ofstream{access.password_file} << "wrong\n";
    const auto wrong = etcd_client{access}.transact(put("a", "4"), patience);
    CHECK(wrong.error == store_error::denied);
    CHECK_THAT(wrong.reason, Contains("invalid user ID or password"));
    std::ofstream{access.password_file} << "secret\n";
    CHECK(client.read({"a"}, patience).value.found.at(0).value == "3");
}

TEST_CASE("etcd: one that is full takes nothing, says so, and goes on with room", "[etcd]") {
    if (!has_etcd())
        return;
    real_etcd etcd{{1, {"--quota-backend-bytes", "16777216"}}};
    etcd_client client{etcd.access()};
    real_etcd::wait_for(client);
    const std::string value(1 << 20, 'x');
    REQUIRE(client.transact(put("leader", "me"), patience));
    store_error error = store_error::none;
    for (int round = 0; round < 64 && error == store_error::none; ++round)
        error = client.transact(put("log", value), patience).error;
    CHECK(error == store_error::no_space);
    CHECK(comes_true([&] { return client.has_space_alarm(patience).value; }));
    CHECK(client.transact(put("log", value), patience).error == store_error::no_space);
    CHECK(client.grant_lease(3s, patience).error == store_error::no_space);

    // What puts nothing is carried out: comparing, reading and removing.
    const auto fenced =
        client.transact({{{"leader", comparison::subject::version, comparison::relation::equal, 1}},
                         {operation::read({"leader"})},
                         {}},
                        patience);
    CHECK(fenced.value.succeeded);
    const auto removed = client.transact({{}, {operation::remove({"log"})}, {}}, patience);
    REQUIRE(removed);
    CHECK(removed.value.results.at(0).count == 1);
    CHECK(client.compact(removed.value.revision, patience) == store_error::none);
    CHECK(client.defragment(client.members()[0], patience) == store_error::none);
    CHECK(client.disarm_space_alarm(patience) == store_error::none);
    CHECK_FALSE(client.has_space_alarm(patience).value);
    CHECK(comes_true(
        [&] { return client.transact(put("log", value), patience).error == store_error::none; }));
}
