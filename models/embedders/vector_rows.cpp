#include "models/embedders/vector_rows.h"

#include "models/limits.h"
#include "models/providers/complaint.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::size_t kShownBytes = 120;

constexpr std::array<std::int8_t, 256> kBase64 = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    values[static_cast<unsigned char>(kLetters[i])] = static_cast<std::int8_t>(i);
  return values;
}();

std::unexpected<Error> broken(std::string message) {
  return fail(ErrorCode::protocol, std::move(message));
}

/// Takes base64 letters, gives the bytes they stand for.
class Base64Bytes {
 public:
  /// False: a character that is none of base64.
  template <class Take>
  bool feed(std::string_view text, Take take) {
    for (unsigned char letter : text) {
      const int value = kBase64[letter];
      if (value < 0) return false;
      bits_ = bits_ << 6 | static_cast<std::uint32_t>(value);
      if ((count_ += 6) < 8) continue;
      count_ -= 8;
      take(static_cast<std::uint8_t>(bits_ >> count_));
    }
    return true;
  }

 private:
  std::uint32_t bits_ = 0;
  int count_ = 0;
};

}  // namespace

Result<> VectorRows::begin(std::size_t row, std::size_t dimensions) {
  if (row >= filled_.size())
    return broken(fmt::format("the answer has a vector number {} of {}", row + 1, filled_.size()));
  if (filled_[row]) return broken(fmt::format("the answer has vector {} twice", row + 1));
  if (dimensions == 0) return broken(fmt::format("vector {} of the answer is empty", row + 1));
  if (vectors_.dimensions == 0) {
    // A number takes two bytes of an answer at least, so that an honest one stays far below.
    if (dimensions > limits::kEmbeddingBytes / 2 / filled_.size())
      return broken(fmt::format("the answer has {} vectors, of which one has {} dimensions", filled_.size(),
                                dimensions));
    vectors_.dimensions = dimensions;
    vectors_.values.resize(dimensions * filled_.size());
  }
  if (vectors_.dimensions != dimensions)
    return broken(fmt::format("vector {} of the answer has {} dimensions, and those before it {}", row + 1,
                              dimensions, vectors_.dimensions));
  filled_[row] = true;
  return {};
}

Result<> VectorRows::store(std::size_t row, std::size_t column, double value) {
  const bool finite = std::abs(value) <= std::numeric_limits<float>::max();  // false for NaN, too
  if (!finite) return broken(fmt::format("number {} of vector {} is not finite", column + 1, row + 1));
  vectors_.values[row * vectors_.dimensions + column] = static_cast<float>(value);
  return {};
}

Result<> VectorRows::put_numbers(std::size_t row, const Json& vector) {
  if (!vector.empty() && vector.front().is_array())
    return broken(
        "the answer has a vector for each token, not one for the text: the model is not made for "
        "embeddings of texts");
  if (auto begun = begin(row, vector.size()); !begun) return begun;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (!vector[i].is_number())
      return broken(
          fmt::format("number {} of vector {} is {}", i + 1, row + 1, dump(vector[i]).substr(0, 40)));
    if (auto stored = store(row, i, vector[i].get<double>()); !stored) return stored;
  }
  return {};
}

Result<> VectorRows::put_base64(std::size_t row, std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  const std::size_t bytes = text.size() * 6 / 8;
  if (bytes % sizeof(float) != 0)
    return broken(fmt::format("vector {} of the answer is no base64 of 32-bit numbers", row + 1));
  if (auto begun = begin(row, bytes / sizeof(float)); !begun) return begun;
  std::uint32_t word = 0;
  std::size_t at = 0;
  Result<> stored;
  const bool good = Base64Bytes().feed(text, [&](std::uint8_t byte) {
    word |= static_cast<std::uint32_t>(byte) << (at % 4 * 8);
    if (++at % 4 != 0) return;
    if (stored) stored = store(row, at / 4 - 1, std::bit_cast<float>(word));
    word = 0;
  });
  if (!good) return broken(fmt::format("vector {} of the answer is no base64", row + 1));
  return stored;
}

Result<> VectorRows::put(std::size_t row, const Json& vector) {
  if (vector.is_array()) return put_numbers(row, vector);
  if (vector.is_string()) return put_base64(row, vector.get_ref<const std::string&>());
  return broken(fmt::format("vector {} of the answer is missing", row + 1));
}

Result<Vectors> VectorRows::take() {
  for (std::size_t row = 0; row < filled_.size(); ++row)
    if (!filled_[row]) return broken(fmt::format("vector {} of the answer is missing", row + 1));
  return std::move(vectors_);
}

Result<Json> read_answer(std::string_view body) {
  auto answer = parse_json(body, limits::kJsonDepth, limits::kEmbeddingBytes);
  if (!answer)
    return broken(body.empty()
                      ? "the answer was empty"
                      : fmt::format("the answer is no JSON ({}): {}", answer.error().message,
                                    ProviderComplaint::read_text(body.substr(0, kShownBytes)).message));
  if (is_error_body(*answer)) return fail(complaint_error(ProviderComplaint::read(*answer), 200));
  return answer;
}

Result<const Json*> list_in(const Json& answer, std::string_view key) {
  const Json* list = find(answer, key);
  if (list && list->is_array()) return list;
  return broken(fmt::format("the answer has no `{}`: {}", key, dump(answer).substr(0, kShownBytes)));
}

Usage counted(const Json* count) {
  if (!count || !count->is_number_integer()) return {.estimated = true};
  return {.input_tokens = count->get<std::int64_t>()};
}

}  // namespace troupe::models
