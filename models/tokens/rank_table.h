#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace troupe::models::tokens {

/// Id of a token. In byte pair encoding it is also its rank: of two pairs that may be merged, the one of the
/// lower rank is.
using Token = std::uint32_t;

/// The byte strings an encoding knows, each with its token. Immutable, any thread.
class RankTable {
 public:
  static constexpr Token kNone = ~Token{0};

  /// `packed` as in models/tokens/ranks/README.md. Throws std::runtime_error when it is not that: the data is
  /// part of the program.
  explicit RankTable(std::span<const unsigned char> packed);
  RankTable(const RankTable&) = delete;
  RankTable& operator=(const RankTable&) = delete;

  /// kNone where there is no such token.
  Token find(std::string_view bytes) const {
    if (bytes.size() > longest_) return kNone;
    auto it = tokens_.find(bytes);
    return it == tokens_.end() ? kNone : it->second;
  }
  /// Valid as long as the table. `token` < size().
  std::string_view bytes(Token token) const { return ordered_[token]; }
  std::size_t size() const { return ordered_.size(); }

 private:
  std::string unpacked_;
  std::vector<std::string_view> ordered_;
  boost::unordered_flat_map<std::string_view, Token> tokens_;
  std::size_t longest_ = 0;
};

}  // namespace troupe::models::tokens
