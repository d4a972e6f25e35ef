#include "models/stream_budget.h"

namespace troupe::models {

bool StreamBudget::take(std::string_view piece) {
  for (char c : piece) {
    const auto byte = static_cast<unsigned char>(c);
    narrow_ += byte < 0x80;
    wide_ += byte >= 0xC0;
  }
  return !spent();
}

}  // namespace troupe::models
