#include "http/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/system/system_error.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ops/log.hpp"

namespace coffer::http {
namespace {

namespace ssl = boost::asio::ssl;

/// As TLS writes them: each with its length in front. HTTP/1.0 has a name of its own.
constexpr std::string_view protocols{"\x08http/1.1\x08http/1.0"};

constexpr const char* ciphers_of_tls_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* groups = "X25519:P-256:P-384";
/// Keys as strong as 2048 bits of RSA, and no SHA-1.
constexpr int security_level = 2;
constexpr std::string_view session_context = "coffer";

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                    const unsigned char* offered, unsigned offered_bytes, void*) {
    unsigned char* found = nullptr;
    const int result = SSL_select_next_proto(
        &found, chosen_bytes, reinterpret_cast<const unsigned char*>(protocols.data()),
        static_cast<unsigned>(protocols.size()), offered, offered_bytes);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// A ticket of TLS 1.2 holds the keys of its session, so anybody with a ticket's key, which is in
/// use for as long as the context, could read what was sent before. Those of TLS 1.3 do not.
int give_no_ticket_of_tls_1_2(SSL* connection, void*) {
    if (SSL_version(connection) == TLS1_2_VERSION)
        SSL_set_options(connection, SSL_OP_NO_TICKET);
    return 1;
}

void check(bool is_done, const char* what) {
    if (!is_done)
        throw std::runtime_error{std::string{"OpenSSL cannot set its "} + what};
}

/// Calls `loads`, and names the file if it throws.
template <class Function>
void load_from(const char* what, const std::filesystem::path& file, const Function& loads) {
    try {
        loads(file.string());
    } catch (const boost::system::system_error& failure) {
        ERR_clear_error();
        throw std::runtime_error{std::string{what} + ' ' + file.string() + ": " +
                                 failure.code().message()};
    }
}

/// A certificate that is not valid now is used all the same: the clock may be what is wrong.
void warn_of_dates(SSL_CTX* context, const std::filesystem::path& file) {
    const X509* const own = SSL_CTX_get0_certificate(context);
    if (X509_cmp_current_time(X509_get0_notAfter(own)) < 0)
        log::warn("certificate {} has expired", file.string());
    else if (X509_cmp_current_time(X509_get0_notBefore(own)) > 0)
        log::warn("certificate {} is not valid yet", file.string());
}

}  // namespace

std::vector<std::filesystem::path> tls_files::all() const {
    std::vector<std::filesystem::path> found{certificate, key};
    if (!client_ca.empty())
        found.push_back(client_ca);
    return found;
}

tls_context::tls_context(const tls_files& files) {
    set_protocol();
    set_memory();
    load(files);
    warn_of_dates(native_, files.certificate);
}

void tls_context::set_protocol() {
    check(SSL_CTX_set_min_proto_version(native_, TLS1_2_VERSION) == 1, "oldest version");
    check(SSL_CTX_set_max_proto_version(native_, 0) == 1, "newest version");
    check(SSL_CTX_set_cipher_list(native_, ciphers_of_tls_1_2) == 1, "ciphers");
    check(SSL_CTX_set1_groups_list(native_, groups) == 1, "groups");
    SSL_CTX_set_security_level(native_, security_level);
    // A client that ends without the goodbye of TLS has ended: HTTP knows what is complete.
    SSL_CTX_set_options(
        native_, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_alpn_select_cb(native_, choose_protocol, nullptr);
    // Tickets alone: a cache of sessions would be memory for clients that are gone, and a lock.
    SSL_CTX_set_session_cache_mode(native_, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(native_, 1);
    SSL_CTX_set_cert_cb(native_, give_no_ticket_of_tls_1_2, nullptr);
    check(SSL_CTX_set_session_id_context(
              native_, reinterpret_cast<const unsigned char*>(session_context.data()),
              static_cast<unsigned>(session_context.size())) == 1,
          "session context");
}

// Idle connections hold no buffers. A read takes all that has arrived, by one call.
void tls_context::set_memory() {
    SSL_CTX_set_mode(native_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(native_, 1);
}

void tls_context::load(const tls_files& files) {
    // Nobody is there to be asked for a password.
    context_.set_password_callback(
        [](std::size_t, ssl::context::password_purpose) { return std::string{}; });
    load_from("certificate", files.certificate,
              [this](const std::string& file) { context_.use_certificate_chain_file(file); });
    load_from("key", files.key, [this](const std::string& file) {
        context_.use_private_key_file(file, ssl::context::pem);
    });
    // OpenSSL has compared a key of the certificate's own type only.
    if (SSL_CTX_check_private_key(native_) != 1) {
        ERR_clear_error();
        throw std::runtime_error{"key " + files.key.string() + ": key type mismatch"};
    }
    if (!files.client_ca.empty())
        load_from("client CA", files.client_ca,
                  [this, &files](const std::string&) { ask_for_certificates(files.client_ca); });
}

void tls_context::ask_for_certificates(const std::filesystem::path& ca) {
    context_.load_verify_file(ca.string());
    context_.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    SSL_CTX_set_num_tickets(native_, 0);  // each handshake shows a certificate that is valid then
    SSL_CTX_set_client_CA_list(native_, SSL_load_client_CA_file(ca.c_str()));
}

}  // namespace coffer::http
