#include "tests/fakes/certificates.h"

#include <arpa/inet.h>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace troupe::fakes {
namespace {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(FILE* p) const { std::fclose(p); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("making a test certificate: ") + what);
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "no P-256 key");
  return key;
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Free> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1), value.c_str());
}

/// Everything but extensions and signature. Valid from an hour ago, so that a slow clock does not matter.
Certificate make_body(EVP_PKEY* key, const std::string& name) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::uint32_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "no random serial");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * 3600);
  X509_set_pubkey(certificate.get(), key);
  // Two authorities of one name would be told apart by a failing signature only, which is another error.
  const std::string common_name = name + " " + std::to_string(serial);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  return certificate;
}

std::string subject_alternatives(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) {
    unsigned char address[16];
    bool is_address =
        inet_pton(AF_INET, name.c_str(), address) == 1 || inet_pton(AF_INET6, name.c_str(), address) == 1;
    out += (out.empty() ? "" : ",") + std::string(is_address ? "IP:" : "DNS:") + name;
  }
  return out;
}

std::unique_ptr<FILE, Free> create(const std::string& path) {
  std::unique_ptr<FILE, Free> file(std::fopen(path.c_str(), "wx"));
  require(file != nullptr, path.c_str());
  return file;
}

}  // namespace

Certificates::Certificates(const std::vector<std::string>& names) {
  std::string pattern = (std::filesystem::temp_directory_path() / "troupe-test-tls-XXXXXX").string();
  require(mkdtemp(pattern.data()) != nullptr, "no temporary folder");
  folder_ = pattern;

  Key ca_key = make_key();
  Certificate ca = make_body(ca_key.get(), "Troupe test authority");
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  extend(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  require(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0, "the authority does not sign itself");

  Key key = make_key();
  Certificate server = make_body(key.get(), "Troupe test server");
  X509_set_issuer_name(server.get(), X509_get_subject_name(ca.get()));
  extend(server.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(server.get(), ca.get(), NID_subject_alt_name, subject_alternatives(names));
  require(X509_sign(server.get(), ca_key.get(), EVP_sha256()) > 0, "the authority does not sign");

  PEM_write_X509(create(ca_file()).get(), ca.get());
  PEM_write_X509(create(certificate_file()).get(), server.get());
  PEM_write_PrivateKey(create(key_file()).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

Certificates::~Certificates() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace troupe::fakes
