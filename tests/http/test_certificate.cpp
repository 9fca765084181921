#include "http/test_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace coffer::http {
namespace {

constexpr long valid_s = 3600;

void require(bool holds) {
    if (!holds)
        throw std::runtime_error{"cannot make a certificate"};
}

template <auto Free>
struct freed {
    template <class T>
    void operator()(T* one) const noexcept {
        static_cast<void>(Free(one));
    }
};
using key_pointer = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;
using certificate_pointer = std::unique_ptr<X509, freed<X509_free>>;
using file_pointer = std::unique_ptr<std::FILE, freed<std::fclose>>;

certificate_pointer sign_itself(EVP_PKEY* key) {
    certificate_pointer made{X509_new()};
    require(made != nullptr);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), valid_s);
    X509_set_pubkey(made.get(), key);
    X509_NAME* const name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    require(X509_sign(made.get(), key, EVP_sha256()) != 0);
    return made;
}

}  // namespace

test_certificate::test_certificate() {
    std::string name = (std::filesystem::temp_directory_path() / "coffer-tls-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    const key_pointer key{EVP_EC_gen("P-256")};
    require(key != nullptr);
    const certificate_pointer made = sign_itself(key.get());
    const file_pointer certificate{std::fopen(files().certificate.c_str(), "w")};
    const file_pointer secret{std::fopen(files().key.c_str(), "w")};
    require(certificate != nullptr && secret != nullptr);
    require(PEM_write_X509(certificate.get(), made.get()) == 1);
    require(PEM_write_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
            1);
}

test_certificate::~test_certificate() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

}  // namespace coffer::http
