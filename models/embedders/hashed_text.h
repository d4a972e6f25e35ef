#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace troupe::models {

/// A text as a vector of what it is made of: hashed words, parts of words, pairs of characters. Texts that
/// share words or forms of them are near each other; meaning is not in it, and a synonym is a stranger.
///
/// Words of alphabets count as they are and by their runs of three letters, so that forms of a word meet;
/// short and common words count little, numbers in full. Korean counts by word, by the beginning of each word
/// and by its syllables, single and in pairs, so that particles and endings do not hide a stem; Chinese and
/// Japanese by characters, single and in pairs; emoji and other pictures by themselves. Case, accents, width
/// and the way in which a character is composed mean nothing. The length of the text means little: the square
/// root is taken of what has come together.
///
/// The weights are fixed and all sums are whole numbers, so that a text has the same vector on every machine.
/// Linear in the text; nothing is allocated. A byte that is no UTF-8 separates words.
class HashedText {
 public:
  static constexpr std::size_t kDimensions = 512;
  /// Another one where a text gets another vector than before.
  static constexpr int kVersion = 1;

  /// Fills `vector`, which has kDimensions elements, and length 1 unless nothing in `text` counts: then all
  /// are 0. Any thread.
  static void embed(std::string_view text, std::span<float> vector);
};

}  // namespace troupe::models
