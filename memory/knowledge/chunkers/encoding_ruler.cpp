#include "memory/knowledge/chunkers/ruler.h"
#include "memory/knowledge/chunkers/span.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <vector>

namespace troupe::memory::chunkers {

namespace {

using models::tokens::Encoding;
using models::tokens::Token;

/// Tokens of an encoding. The tokens of two texts do not add up to those of both, so nothing is summed: a
/// window of about the right length is encoded, and what was found in it is counted again by itself.
class EncodingRuler final : public Ruler {
 public:
  explicit EncodingRuler(const Encoding& encoding) : encoding_(encoding) {}

  bool fits(std::string_view text, std::size_t limit) override {
    if (text.size() <= limit) return true;
    if (text.size() > limit * kTokenBytesMax) return false;
    // A beginning that has twice as many tokens is not made up for by how its end is counted in the whole.
    const std::size_t looked_at = limit * kBytesLookedAt + kWindowSlack;
    if (text.size() > 2 * looked_at) {
      const std::string_view beginning = models::builtin::clip(text, looked_at);
      if (encoding_.count(beginning) > 2 * limit + kWindowSlack) return false;
    }
    return encoding_.count(text) <= limit;
  }

  std::size_t head(std::string_view text, std::size_t limit) override {
    for (std::size_t window = window_for(limit);; window *= 2) {
      const std::string_view seen = models::builtin::clip(text, window);
      const std::vector<Token> tokens = encode(seen);
      if (tokens.size() > limit) {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < limit; ++i) bytes += encoding_.ranks().bytes(tokens[i]).size();
        return character_floor(text, bytes);
      }
      if (seen.size() == text.size()) return text.size();
    }
  }

  std::size_t tail(std::string_view text, std::size_t limit) override {
    for (std::size_t window = window_for(limit);; window *= 2) {
      const std::size_t from = window < text.size() ? character_floor(text, text.size() - window) : 0;
      const std::vector<Token> tokens = encode(text.substr(from));
      if (tokens.size() > limit) {
        std::size_t left_out = from;
        for (std::size_t i = 0; i + limit < tokens.size(); ++i)
          left_out += encoding_.ranks().bytes(tokens[i]).size();
        const std::size_t floor = character_floor(text, left_out);
        return text.size() - floor;
      }
      if (from == 0) return text.size();
    }
  }

 private:
  static constexpr std::size_t kBytesLookedAt = 32;  // of a text, for each token it may have
  static constexpr std::size_t kWindowSlack = 32;

  std::size_t window_for(std::size_t limit) const {
    return static_cast<std::size_t>(bytes_per_token_ * 1.1 * static_cast<double>(limit)) + kWindowSlack;
  }

  std::vector<Token> encode(std::string_view text) {
    std::vector<Token> tokens = encoding_.encode(text);
    if (!tokens.empty())
      bytes_per_token_ = static_cast<double>(text.size()) / static_cast<double>(tokens.size());
    return tokens;
  }

  const Encoding& encoding_;
  double bytes_per_token_ = 4;  // of the window that was encoded last
};

}  // namespace

std::unique_ptr<Ruler> encoding_ruler(const Encoding& encoding) {
  return std::make_unique<EncodingRuler>(encoding);
}

}  // namespace troupe::memory::chunkers
