#include "models/tokens/encoding.h"

#include "runtime/base/json.h"
#include "tests/fakes/fixtures.h"

#include <map>
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::models::tokens;
using enum EncodingName;

namespace {

// FNV-1a over the tokens: two lists that differ in one, or in their order, differ in it.
std::string digest(const std::vector<Token>& tokens) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (Token token : tokens) hash = (hash ^ token) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

std::string joined(const Encoding& encoding, const std::vector<Token>& tokens) {
  std::string text;
  for (Token token : tokens) text += encoding.ranks().bytes(token);
  return text;
}

std::string times(std::string_view unit, std::size_t bytes) {
  std::string text;
  while (text.size() + unit.size() <= bytes) text += unit;
  return text;
}

}  // namespace

TEST_CASE("each of 2,888 texts has the tokens that OpenAI's own tokenizer gives it") {
  std::istringstream lines(fakes::read_fixture("tokens/reference.jsonl.gz"));
  std::map<std::string, int> kinds;
  for (std::string line; std::getline(lines, line);) {
    const Json record = *parse_json(line);
    const auto text = record["text"].get<std::string>();
    CAPTURE(text);
    for (EncodingName name : {cl100k_base, o200k_base}) {
      CAPTURE(std::string(to_string(name)));
      const Encoding& encoding = Encoding::get(name);
      const std::vector<Token> tokens = encoding.encode(text);
      const Json& expected = record[std::string(to_string(name))];
      CHECK(tokens.size() == expected[0].get<std::size_t>());
      CHECK(digest(tokens) == expected[1].get<std::string>());
      CHECK(joined(encoding, tokens) == text);
      CHECK(encoding.count(text) == tokens.size());
    }
    ++kinds[record["kind"].get<std::string>()];
  }
  CHECK(kinds == std::map<std::string, int>{{"code", 60},
                                            {"document", 240},
                                            {"emoji", 120},
                                            {"json", 60},
                                            {"korean", 550},
                                            {"question", 400},
                                            {"run", 427},
                                            {"scripts", 300},
                                            {"spacing", 150},
                                            {"turn", 581}});
}

TEST_CASE("100 KB of one kind of character have the tokens of the reference") {
  for (const Json& run : *parse_json(fakes::read_fixture("tokens/runs.json"))) {
    const std::string text =
        times(run["unit"].get<std::string>(), static_cast<std::size_t>(run["bytes"].get<std::int64_t>()));
    CAPTURE(run["unit"].get<std::string>());
    for (EncodingName name : {cl100k_base, o200k_base})
      CHECK(Encoding::get(name).count(text) == run[std::string(to_string(name))].get<std::size_t>());
  }
}

TEST_CASE("no text has no tokens, and special tokens are the characters they are written with") {
  for (EncodingName name : {cl100k_base, o200k_base}) {
    const Encoding& encoding = Encoding::get(name);
    CHECK(encoding.encode("").empty());
    CHECK(encoding.count("") == 0);
    for (Token token : encoding.encode("a<|endoftext|>b<|im_start|>")) CHECK(token < encoding.ranks().size());
    CHECK(encoding.count("<|endoftext|>") > 1);
  }
}

TEST_CASE("bytes that are no UTF-8 count as replacement characters") {
  for (EncodingName name : {cl100k_base, o200k_base}) {
    const Encoding& encoding = Encoding::get(name);
    const std::string replacement = "\xEF\xBF\xBD";
    CHECK(encoding.encode("ab\xFF"
                          "cd") == encoding.encode("ab" + replacement + "cd"));
    CHECK(encoding.encode("\xC3") == encoding.encode(replacement));
    // a surrogate, an overlong form, beyond the last code point, and one that is cut off
    CHECK(encoding.count("\xED\xA0\x80") == encoding.count(times(replacement, 9)));
    CHECK(encoding.count("\xC0\xAF") == encoding.count(times(replacement, 6)));
    CHECK(encoding.count("\xF4\x90\x80\x80") == encoding.count(times(replacement, 12)));
    CHECK(encoding.encode("한\xEA\xB0") == encoding.encode("한" + replacement + replacement));
    std::string garbage;
    for (int i = 0; i < 20'000; ++i) garbage += static_cast<char>(0x80 + i % 128);
    CHECK(encoding.count(garbage) > 0);
  }
}

TEST_CASE("a model's name tells its encoding, and a stranger's none") {
  for (const char* model : {"gpt-4o", "gpt-4o-mini", "gpt-4o-2024-05-13", "gpt-4.1-nano", "gpt-5-mini", "o1",
                            "o1-preview", "o3-mini", "o4-mini", "chatgpt-4o-latest", "ft:gpt-4o:acme::1",
                            "openai/gpt-4o-mini", "gpt-oss-120b", "gpt-5.1"})
    CHECK(encoding_of(model) == o200k_base);
  for (const char* model : {"gpt-4", "gpt-4-32k", "gpt-4-turbo", "gpt-3.5-turbo-0125", "gpt-35-turbo",
                            "text-embedding-3-small", "text-embedding-ada-002", "ft:gpt-3.5-turbo:acme::1"})
    CHECK(encoding_of(model) == cl100k_base);
  for (const char* model : {"", "llama3.1", "claude-sonnet-4", "gpt-2", "o12", "gpt-4x", "text-davinci-003",
                            "mistral-o1", "gpt4all"})
    CHECK_FALSE(encoding_of(model));
  CHECK(encoding_named("cl100k_base") == cl100k_base);
  CHECK(encoding_named("o200k_base") == o200k_base);
  CHECK_FALSE(encoding_named("p50k_base"));
}
