// The functions below OpenSSL's providers: EVP loads and sets up those with the first digest, which is 2 ms
// of every start, and looks SHA-256 up by its name for every later one.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "runtime/base/sha256.h"

#include <openssl/sha.h>

namespace troupe {

std::array<unsigned char, 32> sha256(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  static_assert(digest.size() == SHA256_DIGEST_LENGTH);
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

std::string sha256_hex(std::string_view bytes) {
  std::string hex;
  hex.reserve(64);
  for (const unsigned char byte : sha256(bytes)) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace troupe
