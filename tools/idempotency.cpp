#include "tools/idempotency.h"

#include "runtime/base/sha256.h"

#include <fmt/format.h>

namespace troupe::tools {

namespace {

std::string base32(const unsigned char* bytes, std::size_t count) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (std::size_t i = 0; i < count; ++i) {
    buffer = (buffer << 8) | bytes[i];
    bits += 8;
    for (; bits >= 5; bits -= 5) out += kAlphabet[(buffer >> (bits - 5)) & 31];
  }
  if (bits > 0) out += kAlphabet[(buffer << (5 - bits)) & 31];
  return out;
}

}  // namespace

std::string canonical_json(const Json& value) {
  // nlohmann::json keeps members in a std::map.
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string idempotency_key(const CallIdentity& identity, const Json& arguments) {
  const std::string text =
      fmt::format("{}|{}|{}|{}|{}@{}|{}", identity.instance, identity.run, identity.step, identity.call_index,
                  identity.tool, identity.version, canonical_json(arguments));
  const auto digest = sha256(text);
  return base32(digest.data(), digest.size());
}

}  // namespace troupe::tools
