#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Bytes [begin, end) of one of several texts.
struct TextPart {
  std::size_t text = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const TextPart&) const = default;
};
using TextBatch = std::vector<TextPart>;

/// Tokens of the whole request that would hold these parts.
using MeasureRequest = std::function<std::int64_t(std::span<const TextPart>)>;

/// Packs texts, in their order, into requests of which each has at most `room` tokens, as `measure` says of
/// the very request: the limit holds by construction, whatever a counter makes of texts that are put
/// together. A text that is too long for a request is divided at blanks or characters; nothing is left out.
/// `most`: texts in one request, 0 for any number. Empty texts stay. No texts: no batches. Errors: invalid,
/// when there is no room for one character beside what stands around it. Pure.
Result<std::vector<TextBatch>> pack_texts(std::span<const std::string_view> texts, std::int64_t room,
                                          std::size_t most, const MeasureRequest& measure);

/// How many bytes from `begin` on fit beside nothing else: at a blank near the end where there is one, else
/// between two characters. 0: not one character. Pure.
std::size_t fitting_bytes(std::size_t text, std::string_view whole, std::size_t begin, std::int64_t room,
                          const MeasureRequest& measure);

}  // namespace troupe::agents
