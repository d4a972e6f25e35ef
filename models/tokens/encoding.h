#pragma once

#include "models/tokens/rank_table.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::models::tokens {

enum class EncodingName { cl100k_base, o200k_base };

std::string_view to_string(EncodingName name);
std::optional<EncodingName> encoding_named(std::string_view name);
/// What an OpenAI model counts in, by the model's name ("gpt-4o-mini", "ft:gpt-4o:acme::1", "openai/gpt-4.1",
/// "text-embedding-3-small"). Nothing for models of others, and of OpenAI's for those before cl100k_base.
std::optional<EncodingName> encoding_of(std::string_view model);

/// One of OpenAI's encodings, exactly: text is split by the encoding's pattern, each piece is merged by byte
/// pairs. Special tokens (<|endoftext|> …) that stand in a text are read as the characters they are, as in
/// any message of a user. Takes time in proportion to the text, whatever it holds. Immutable, any thread.
class Encoding {
 public:
  /// Made at the first call, which takes some 30 to 90 ms and 10 to 25 MB; then kept.
  static const Encoding& get(EncodingName name);

  /// Begins to make one on a thread of its own, unless that was begun. Returns at once.
  static void prepare(EncodingName name);
  /// One that prepare() or get() has made; null until then. Never waits.
  static const Encoding* ready(EncodingName name);

  /// A byte that is no UTF-8 counts as U+FFFD.
  std::vector<Token> encode(std::string_view text) const;
  std::size_t count(std::string_view text) const;

  const RankTable& ranks() const { return ranks_; }

 private:
  class Splitter;
  explicit Encoding(EncodingName name);
  ~Encoding();

  RankTable ranks_;
  std::unique_ptr<const Splitter> splitter_;
};

}  // namespace troupe::models::tokens
