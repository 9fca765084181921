#include "replication/store_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/system/system_error.hpp>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace coffer::replication {
namespace {

namespace ssl = boost::asio::ssl;

/// Calls `load`, and names the file if it throws.
template <class Function>
void load_from(const char* what, const std::filesystem::path& file, const Function& load) {
    try {
        load(file.string());
    } catch (const boost::system::system_error& failure) {
        ERR_clear_error();
        throw std::runtime_error{std::string{what} + ' ' + file.string() + ": " +
                                 failure.code().message()};
    }
}

}  // namespace

ssl::context make_store_tls(const store_access& access) {
    ssl::context context{ssl::context::tls_client};
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    context.set_verify_mode(ssl::verify_peer);
    if (access.ca_file.empty())
        context.set_default_verify_paths();
    else
        load_from("certificate authority", access.ca_file,
                  [&context](const std::string& file) { context.load_verify_file(file); });
    if (access.cert_file.empty() != access.key_file.empty())
        throw std::runtime_error{
            "a certificate for the store needs its key, and a key its "
            "certificate"};
    if (access.cert_file.empty())
        return context;
    // Nobody is there to be asked for a password.
    context.set_password_callback(
        [](std::size_t, ssl::context::password_purpose) { return std::string{}; });
    load_from("certificate", access.cert_file,
              [&context](const std::string& file) { context.use_certificate_chain_file(file); });
    load_from("key", access.key_file, [&context](const std::string& file) {
        context.use_private_key_file(file, ssl::context::pem);
    });
    // OpenSSL has compared a key of the certificate's own type only.
    if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
        ERR_clear_error();
        throw std::runtime_error{"key " + access.key_file.string() + ": is another certificate's"};
    }
    return context;
}

}  // namespace coffer::replication
