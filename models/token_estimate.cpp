#include "models/token_estimate.h"

namespace troupe::models {

std::int64_t estimate_tokens(std::string_view text) {
  std::int64_t ascii = 0, wide = 0;
  for (char c : text) {
    unsigned char byte = static_cast<unsigned char>(c);
    ascii += byte < 0x80;
    wide += byte >= 0xC0;  // the first byte of a longer character
  }
  return (ascii + 3) / 4 + wide;
}

}  // namespace troupe::models
