#include "models/tokens/encoding.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include "models/tokens/pair_merge.h"
#include "models/tokens/rank_data.h"
#include "runtime/async/background.h"

#include <atomic>
#include <limits>
#include <stdexcept>
#include <string>

#include <boost/locale/utf.hpp>
#include <fmt/format.h>
#include <pcre2.h>

namespace troupe::models::tokens {

namespace {

// What splits a text into pieces before its bytes are merged, as OpenAI publishes it for each encoding; the
// possessive repeats, which do not change what is found, are left to PCRE2's own optimization.
const char* pattern_of(EncodingName name) {
  switch (name) {
    case EncodingName::cl100k_base:
      return R"('(?i:[sdmt]|ll|ve|re))"
             R"(|[^\r\n\p{L}\p{N}]?+\p{L}+)"
             R"(|\p{N}{1,3})"
             R"(| ?[^\s\p{L}\p{N}]++[\r\n]*)"
             R"(|\s*[\r\n]+)"
             R"(|\s+(?!\S))"
             R"(|\s+)";
    case EncodingName::o200k_base:
      return R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
             R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
             R"(|\p{N}{1,3})"
             R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*)"
             R"(|\s*[\r\n]+)"
             R"(|\s+(?!\S))"
             R"(|\s+)";
  }
  return "";
}

std::string with_replacements(std::string_view text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  std::string valid;
  valid.reserve(text.size() + text.size() / 8);
  const char* end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const char* next = at;
    if (boost::locale::utf::is_valid_codepoint(Utf8::decode(next, end))) {
      valid.append(at, next);
      at = next;
    } else {
      valid += "\xEF\xBF\xBD";
      ++at;
    }
  }
  return valid;
}

}  // namespace

/// The compiled pattern.
class Encoding::Splitter {
 public:
  explicit Splitter(const char* pattern) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP,
                          &error, &offset, nullptr);
    if (!code_)
      throw std::runtime_error(
          fmt::format("the pattern of a token encoding: PCRE2 error {} at {}", error, offset));
    // Where writable and executable memory is forbidden it stays interpreted, and says the same.
    pcre2_jit_compile(code_, PCRE2_JIT_COMPLETE);
  }
  ~Splitter() { pcre2_code_free(code_); }
  Splitter(const Splitter&) = delete;
  Splitter& operator=(const Splitter&) = delete;

  /// Calls `take` with each piece; together they are the text. False, and nothing taken: it is no UTF-8.
  template <class Take>
  bool split(std::string_view text, Take take) const {
    struct Scratch {
      pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
      pcre2_match_context* context = pcre2_match_context_create(nullptr);
      ~Scratch() {
        pcre2_match_data_free(data);
        pcre2_match_context_free(context);
      }
    } scratch;
    // The patterns are ours and linear: no limit that a long run of one kind of character could meet.
    pcre2_set_match_limit(scratch.context, std::numeric_limits<std::uint32_t>::max());
    const PCRE2_SIZE* found = pcre2_get_ovector_pointer(scratch.data);
    std::uint32_t options = 0;  // the first match checks the whole text; to check again is quadratic
    for (std::size_t at = 0; at < text.size(); options = PCRE2_NO_UTF_CHECK) {
      const int result = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                     options, scratch.data, scratch.context);
      if (at == 0 && result <= PCRE2_ERROR_UTF8_ERR1 && result >= PCRE2_ERROR_UTF8_ERR21) return false;
      // Every character is whitespace, a letter, a digit or something else: each has its alternative.
      if (result < 0 || found[0] != at || found[1] == at)
        throw std::runtime_error(fmt::format("a token encoding's pattern: PCRE2 result {} at byte {} of {}",
                                             result, at, text.size()));
      take(text.substr(at, found[1] - at));
      at = found[1];
    }
    return true;
  }

 private:
  pcre2_code* code_ = nullptr;
};

std::string_view to_string(EncodingName name) {
  return name == EncodingName::cl100k_base ? "cl100k_base" : "o200k_base";
}

std::optional<EncodingName> encoding_named(std::string_view name) {
  for (EncodingName one : {EncodingName::cl100k_base, EncodingName::o200k_base})
    if (to_string(one) == name) return one;
  return std::nullopt;
}

std::optional<EncodingName> encoding_of(std::string_view model) {
  using enum EncodingName;
  // By the longest beginning first. "gpt-oss" counts as o200k_harmony, which differs in special tokens only.
  static constexpr std::pair<std::string_view, EncodingName> kFamilies[] = {
      {"chatgpt-4o", o200k_base},
      {"gpt-4o", o200k_base},
      {"gpt-4.1", o200k_base},
      {"gpt-4.5", o200k_base},
      {"gpt-5", o200k_base},
      {"gpt-oss", o200k_base},
      {"o1", o200k_base},
      {"o3", o200k_base},
      {"o4-mini", o200k_base},
      {"gpt-4", cl100k_base},
      {"gpt-3.5", cl100k_base},
      {"gpt-35-turbo", cl100k_base},
      {"davinci-002", cl100k_base},
      {"babbage-002", cl100k_base},
      {"text-embedding-ada-002", cl100k_base},
      {"text-embedding-3", cl100k_base},
  };
  if (model.starts_with("openai/")) model.remove_prefix(7);
  if (model.starts_with("ft:")) model.remove_prefix(3);
  for (const auto& [family, encoding] : kFamilies) {
    if (!model.starts_with(family)) continue;
    const std::string_view rest = model.substr(family.size());
    // "o1-preview" and "gpt-4.1", but not "o12" or "gpt-4x".
    if (rest.empty() || rest[0] == '-' || rest[0] == ':' || rest[0] == '.') return encoding;
  }
  return std::nullopt;
}

Encoding::Encoding(EncodingName name)
    : ranks_(rank_data(name)), splitter_(std::make_unique<const Splitter>(pattern_of(name))) {}

Encoding::~Encoding() = default;

namespace {

std::atomic<const Encoding*>& made(EncodingName name) {
  static constinit std::atomic<const Encoding*> cl100k = nullptr;
  static constinit std::atomic<const Encoding*> o200k = nullptr;
  return name == EncodingName::cl100k_base ? cl100k : o200k;
}

}  // namespace

const Encoding& Encoding::get(EncodingName name) {
  auto kept = [name](const Encoding& encoding) -> const Encoding& {
    made(name).store(&encoding, std::memory_order_release);
    return encoding;
  };
  if (name == EncodingName::cl100k_base) {
    static const Encoding cl100k(EncodingName::cl100k_base);
    return kept(cl100k);
  }
  static const Encoding o200k(EncodingName::o200k_base);
  return kept(o200k);
}

void Encoding::prepare(EncodingName name) {
  if (ready(name)) return;
  // A process that ends meanwhile waits for them: they would outlive what they write to.
  if (name == EncodingName::cl100k_base)
    static const Background cl100k([] { get(EncodingName::cl100k_base); });
  else
    static const Background o200k([] { get(EncodingName::o200k_base); });
}

const Encoding* Encoding::ready(EncodingName name) {
  return made(name).load(std::memory_order_acquire);
}

std::vector<Token> Encoding::encode(std::string_view text) const {
  std::vector<Token> tokens;
  auto merge = [&](std::string_view piece) { merge_pairs(ranks_, piece, tokens); };
  if (!splitter_->split(text, merge)) splitter_->split(with_replacements(text), merge);
  return tokens;
}

std::size_t Encoding::count(std::string_view text) const {
  std::size_t count = 0;
  std::vector<Token> piece_tokens;
  auto merge = [&](std::string_view piece) {
    piece_tokens.clear();
    merge_pairs(ranks_, piece, piece_tokens);
    count += piece_tokens.size();
  };
  if (!splitter_->split(text, merge)) splitter_->split(with_replacements(text), merge);
  return count;
}

}  // namespace troupe::models::tokens
