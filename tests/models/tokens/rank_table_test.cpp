#include "models/tokens/rank_table.h"

#include "models/tokens/pair_merge.h"
#include "models/tokens/rank_data.h"
#include "runtime/base/sha256.h"

#include <cstring>
#include <string>
#include <vector>
#include <zlib.h>

#include <doctest/doctest.h>
#include <openssl/evp.h>

using troupe::sha256_hex;
using namespace troupe::models::tokens;
using enum EncodingName;

namespace {

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return out;
}

std::string published_form(const RankTable& table) {
  std::string text;
  for (Token token = 0; token < table.size(); ++token)
    text += base64(table.bytes(token)) + ' ' + std::to_string(token) + '\n';
  return text;
}

std::vector<unsigned char> packed(const std::vector<std::string>& entries) {
  std::string raw;
  for (const std::string& entry : entries) raw += static_cast<char>(entry.size()) + entry;
  std::vector<unsigned char> out(raw.size() + 128);
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<unsigned char*>(raw.data());
  stream.avail_in = static_cast<uInt>(raw.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// The definition, word for word: the leftmost pair of the lowest rank is merged until there is none.
std::vector<Token> merged_slowly(const RankTable& table, const std::string& piece) {
  std::vector<std::string> parts;
  for (char c : piece) parts.emplace_back(1, c);
  while (true) {
    std::size_t best = parts.size();
    Token lowest = RankTable::kNone;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
      if (Token pair = table.find(parts[i] + parts[i + 1]); pair < lowest) {
        lowest = pair;
        best = i;
      }
    if (best == parts.size()) break;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  std::vector<Token> tokens;
  for (const std::string& part : parts) tokens.push_back(table.find(part));
  return tokens;
}

}  // namespace

TEST_CASE("the ranks are those that OpenAI publishes") {
  CHECK(sha256_hex(published_form(RankTable(rank_data(cl100k_base)))) ==
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7");
  CHECK(sha256_hex(published_form(RankTable(rank_data(o200k_base)))) ==
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d");
}

TEST_CASE("data that is no table of ranks is refused with a reason") {
  auto refused = [](const std::vector<unsigned char>& bytes) {
    CHECK_THROWS_AS(RankTable{bytes}, std::runtime_error);
  };
  refused({});
  refused(std::vector<unsigned char>(100, 'x'));
  refused(packed({"a", "b", "a"}));
  refused(packed({"a", ""}));
  auto cut = packed({"a", "b"});
  cut.resize(cut.size() - 9);
  refused(cut);
  auto damaged = packed({"a", "b"});
  damaged[damaged.size() - 7] ^= 1;  // of the checksum
  refused(damaged);
  RankTable table(packed({"a", "b", "ab"}));
  CHECK(table.size() == 3);
  CHECK(table.find("ab") == 2);
  CHECK(table.find("ba") == RankTable::kNone);
  CHECK(table.find("abab") == RankTable::kNone);
}

TEST_CASE("pieces of every length are merged as the definition says, short ones and long ones") {
  const RankTable table(rank_data(cl100k_base));
  std::uint64_t state = 1;
  auto next = [&] { return (state = state * 6364136223846793005u + 1442695040888963407u) >> 33; };
  const std::string letters[] = {"ab", "aaab", "etaoinshrdlu", "\xEA\xB0\x80\x81\x82\xED\x95\x9C", " \n\t=-"};
  for (std::size_t length = 1; length <= 130; ++length)
    for (const std::string& alphabet : letters) {
      std::string piece;
      for (std::size_t i = 0; i < length; ++i) piece += alphabet[next() % alphabet.size()];
      std::vector<Token> tokens;
      merge_pairs(table, piece, tokens);
      CAPTURE(piece);
      const Token whole = table.find(piece);
      CHECK(tokens == (whole == RankTable::kNone ? merged_slowly(table, piece) : std::vector<Token>{whole}));
    }
}
